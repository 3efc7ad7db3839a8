package io.basalt.cli.rest;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Requests to a metaserver, one at a time. A change carries an idempotency key and is repeated once under
/// it when the connection breaks, so that it happens once or not at all. One thread.
public final class RestClient implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int UNAUTHENTICATED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NO_CONTENT = 204;
    private static final int ERROR = 400;
    private static final int ELSEWHERE = 307;
    private static final int UNAVAILABLE = 503;
    private static final Duration CHANGE_OF_LEADER = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final List<URI> bases;
    private final String token;
    private final String tokenSource;
    private final Duration timeout;
    private final HttpClient http;
    private URI base;
    private int turn;

    /// @param base such as `http://127.0.0.1:7700`
    /// @param token empty for none
    /// @param tokenSource where it came from, for messages
    /// @param timeout longest wait for one answer
    public RestClient(URI base, String token, String tokenSource, Duration timeout) {
        this(List.of(base), token, tokenSource, timeout);
    }

    /// @param bases where metaservers are, tried in turn until one answers
    /// @param token empty for none
    /// @param tokenSource where it came from, for messages
    /// @param timeout longest wait for one answer
    public RestClient(List<URI> bases, String token, String tokenSource, Duration timeout) {
        this.bases = List.copyOf(bases);
        this.base = bases.getFirst();
        this.token = token;
        this.tokenSource = tokenSource;
        this.timeout = timeout;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    /// Where requests go.
    public URI base() {
        return base;
    }

    /// Ask for something.
    ///
    /// @param path from `/v1` on, encoded
    /// @throws RestException if it is refused or not answered
    public JsonNode get(String path) {
        return answer(send("GET", path, null));
    }

    /// Change something.
    ///
    /// @param body null for none
    /// @throws RestException if it is refused or not answered
    public JsonNode change(String method, String path, @Nullable ObjectNode body) {
        return answer(send(method, path, body));
    }

    /// A name as part of a path.
    public static String encode(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// Ask for something that is not JSON.
    ///
    /// @param path from `/v1` on, encoded
    /// @throws RestException if it is refused or not answered
    public byte[] download(String path) {
        final HttpResponse<byte[]> response = send("GET", path, null);
        if (response.statusCode() >= ERROR) {
            throw refused(response.statusCode(), text(response));
        }
        return response.body();
    }

    /// Sends a request to whoever is to answer it: to the next metaserver if nobody answers, and to the one that leads
    /// if another one says so.
    private HttpResponse<byte[]> send(String method, String path, @Nullable ObjectNode body) {
        final String key = UUID.randomUUID().toString();
        final long startNs = System.nanoTime();
        int silent = 0;
        while (true) {
            final URI asked = base;
            try {
                final HttpResponse<byte[]> response = exchange(request(method, path, body, key));
                if (response.statusCode() == ELSEWHERE) {
                    follow(response, startNs);
                } else if (bases.size() > 1 && nobodyLeads(response) && inTime(startNs)) {
                    next();
                    pause();
                } else {
                    return response;
                }
            } catch (ConnectException refused) {
                next();
                if (++silent % bases.size() == 0) {
                    if ((bases.size() == 1 && asked.equals(bases.getFirst())) || !inTime(startNs)) {
                        throw unavailable("nobody answers at " + (bases.size() == 1 ? asked : bases));
                    }
                    pause();
                }
            } catch (HttpTimeoutException late) {
                throw unavailable("no answer from " + asked + " within " + timeout.toSeconds() + " s");
            } catch (IOException broken) {
                if (bases.size() == 1 || !inTime(startNs)) {
                    return again(request(method, path, body, key));
                }
                next();
            }
        }
    }

    private HttpRequest request(String method, String path, @Nullable ObjectNode body, String key) {
        final BodyPublisher content = body == null
                ? BodyPublishers.noBody()
                : BodyPublishers.ofString(MAPPER.writeValueAsString(body), StandardCharsets.UTF_8);
        final HttpRequest.Builder builder = HttpRequest.newBuilder(base.resolve(path))
                .timeout(timeout)
                .header("Accept", "application/json")
                .method(method, content);
        if (body != null) {
            builder.header("Content-Type", "application/json");
        }
        if (!token.isEmpty()) {
            builder.header("Authorization", "Bearer " + token);
        }
        if (!method.equals("GET")) {
            builder.header("Idempotency-Key", key);
        }
        return builder.build();
    }

    private void follow(HttpResponse<byte[]> response, long startNs) {
        final String location = response.headers().firstValue("Location").orElse("");
        if (!location.matches("https?://[^/]+/.*") || !inTime(startNs)) {
            throw unavailable(base + " says that another metaserver leads, but none answers as the leader");
        }
        final URI leader = URI.create(location.replaceAll("^(https?://[^/]+)/.*", "$1"));
        if (leader.equals(base)) {
            pause();
        }
        base = leader;
    }

    private static boolean nobodyLeads(HttpResponse<byte[]> response) {
        return response.statusCode() == UNAVAILABLE && text(response).contains("NOT_LEADER");
    }

    private boolean inTime(long startNs) {
        return System.nanoTime() - startNs < Math.min(timeout.toNanos(), CHANGE_OF_LEADER.toNanos());
    }

    private void next() {
        turn = (turn + 1) % bases.size();
        base = bases.get(turn);
    }

    private void pause() {
        LockSupport.parkNanos(PAUSE.toNanos());
    }

    private HttpResponse<byte[]> again(HttpRequest request) {
        try {
            return exchange(request);
        } catch (IOException broken) {
            throw unavailable("the connection to " + base + " broke: " + broken);
        }
    }

    private HttpResponse<byte[]> exchange(HttpRequest request) throws IOException {
        try {
            return http.send(request, BodyHandlers.ofByteArray());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted while waiting for " + base);
        }
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private JsonNode answer(HttpResponse<byte[]> response) {
        if (response.statusCode() >= ERROR) {
            throw refused(response.statusCode(), text(response));
        }
        if (response.statusCode() == NO_CONTENT || response.body().length == 0) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            return MAPPER.readTree(text(response));
        } catch (JacksonException malformed) {
            throw new RestException(
                    response.statusCode(),
                    "",
                    base + " does not speak the metaserver's API: " + malformed.getOriginalMessage(),
                    "check --url; the REST API listens on port 7700 by default");
        }
    }

    private RestException refused(int status, String body) {
        if (status == UNAUTHENTICATED || status == FORBIDDEN) {
            return new RestException(
                    status,
                    "",
                    status == FORBIDDEN
                            ? "this token may only look"
                            : token.isEmpty()
                                    ? "the metaserver wants a token"
                                    : "the metaserver does not know this token",
                    token.isEmpty()
                            ? "name it: --token-file FILE or BASALT_CLIENT_TOKEN_FILE (looked at: " + tokenSource + ")"
                            : "the token came from " + tokenSource);
        }
        JsonNode problem;
        try {
            problem = MAPPER.readTree(body);
        } catch (JacksonException malformed) {
            problem = JsonNodeFactory.instance.objectNode();
        }
        final String field = problem.path("field").stringValue("");
        final String reason = problem.path("reason").stringValue("HTTP status " + status);
        return new RestException(
                status,
                problem.path("code").stringValue(""),
                field.isEmpty() ? reason : field + ": " + reason,
                problem.path("hint").stringValue(""));
    }

    private static RestException unavailable(String reason) {
        return new RestException(
                RestException.NO_ANSWER,
                "UNAVAILABLE",
                reason,
                "is the metaserver running? `basalt demo` or `basalt serve meta` starts one; --url names another");
    }

    @Override
    public void close() {
        // Nothing is under way; a graceful close would wait for idle connections.
        http.shutdownNow();
    }
}
