package io.basalt.cli.fake;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.basalt.cli.CommandRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A metaserver's REST API that gives the answers it was told to, and remembers what it was asked. Texts
/// are JSON with `'` for `"`.
public final class FakeMetaserver implements AutoCloseable {
    /// The token that is accepted.
    public static final String TOKEN = "token-of-the-test";

    private final HttpServer server;
    private final Map<String, Answer> answers = new LinkedHashMap<>();
    private final List<String> changes = new ArrayList<>();
    private final List<String> keys = new ArrayList<>();

    private record Answer(int status, String body) {}

    /// One on a port of the system's choice.
    public FakeMetaserver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        server.createContext("/", this::answer);
        server.start();
    }

    /// Where it is.
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /// Write the token to a file.
    public static Path tokenFile(Path folder) {
        try {
            return Files.writeString(folder.resolve("token"), TOKEN + "\n");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// What to answer.
    ///
    /// @param request such as `GET /v1/volumes/vm1`
    public FakeMetaserver on(String request, int status, String body) {
        answers.put(request, new Answer(status, body.replace('\'', '"')));
        return this;
    }

    /// Refuse.
    public FakeMetaserver refuse(String request, int status, String code, String field, String reason, String hint) {
        return on(
                request,
                status,
                "{'code':'" + code + "','field':'" + field + "','reason':'" + reason + "','hint':'" + hint + "'}");
    }

    /// Give a command to this metaserver.
    ///
    /// @param folder for the token's file
    public CommandRun run(Path folder, String... words) {
        return CommandRun.of(
                List.of(words),
                List.of("--url", url(), "--token-file", tokenFile(folder).toString()));
    }

    /// Everything that would have changed something: method, path, body.
    public List<String> changes() {
        return List.copyOf(changes);
    }

    /// Idempotency keys of the changes.
    public List<String> keys() {
        return List.copyOf(keys);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            final String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            final String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (!exchange.getRequestMethod().equals("GET")) {
                changes.add((request + " " + body).strip());
                keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Idempotency-Key")));
            }
            final String token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
            if (!token.equals("Bearer " + TOKEN)) {
                send(exchange, new Answer(401, "{}"));
                return;
            }
            final Answer known = answers.get(request);
            send(exchange, known != null ? known : new Answer(404, """
                {"code":"NOT_FOUND","field":"path","reason":"nothing at %s","hint":""}\
                """.formatted(request)));
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        final byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
