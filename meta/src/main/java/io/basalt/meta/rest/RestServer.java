package io.basalt.meta.rest;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.TokenRecord;
import io.basalt.net.ClusterKey;
import io.basalt.reactor.Reactor;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// The REST API's server: takes requests, checks who asks, finds the route, answers. Each request has a
/// virtual thread of its own; how many there are is bounded.
public final class RestServer implements AutoCloseable {
    /// Longest body taken, bytes.
    public static final int BODY_BYTES_MAX = 64 << 10;

    private static final System.Logger LOG = System.getLogger(RestServer.class.getName());
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int REQUESTS_MAX = 512;
    private static final int BACKLOG = 1024;
    private static final String BEARER = "Bearer ";

    static {
        // The JDK's server has no other way to be told: answers leave at once, and whoever sends a request or takes an
        // answer drop by drop is cut off.
        setUnlessGiven("sun.net.httpserver.nodelay", "true");
        setUnlessGiven("sun.net.httpserver.maxReqTime", "60");
        setUnlessGiven("sun.net.httpserver.maxRspTime", "60");
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final ServiceAccess access;
    private final Metrics metrics;
    private final List<Route> routes;
    private final Semaphore room = new Semaphore(REQUESTS_MAX);

    private RestServer(
            InetSocketAddress listen, ServiceAccess access, Metrics metrics, String software, SecureRandom random)
            throws IOException {
        this.access = access;
        this.metrics = metrics;
        this.routes = routes(access, metrics, software, random);
        server = HttpServer.create(listen, BACKLOG);
        threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("rest-", 0).factory());
        server.setExecutor(threads);
        server.createContext("/", this::exchange);
    }

    /// Starts to serve.
    ///
    /// @param listen address and port; port 0 lets the system choose
    /// @param software version, for people
    /// @throws IOException if the address cannot be listened on
    public static RestServer start(
            InetSocketAddress listen, Reactor reactor, MetaService service, String software, SecureRandom random)
            throws IOException {
        final RestServer rest = new RestServer(
                listen, new ServiceAccess(reactor, service, TIMEOUT), new Metrics(software), software, random);
        rest.server.start();
        return rest;
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /// A new token's text.
    public static String drawToken(SecureRandom random) {
        return ClusterRoutes.draw(random);
    }

    /// The first token of a cluster whose metaservers cannot agree on one before they have begun.
    public static String firstToken(ClusterKey key) {
        final MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key.mac("basalt-first-token", nothing, nothing));
    }

    /// What is kept of a token.
    public static byte[] hashToken(String token) {
        return ClusterRoutes.hash(token);
    }

    /// The operations there are, as `METHOD path`.
    List<String> operations() {
        return routes.stream().map(route -> route.method() + " " + route.path()).toList();
    }

    private static List<Route> routes(ServiceAccess access, Metrics metrics, String software, SecureRandom random) {
        final List<Route> all = new ArrayList<>();
        all.addAll(new ClusterRoutes(access, metrics, software, random).routes());
        all.addAll(new VolumeRoutes(access).routes());
        all.addAll(new NodeRoutes(access).routes());
        all.addAll(new SetRoutes(access).routes());
        all.addAll(new RepairRoutes(access).routes());
        all.addAll(new ReplicaRoutes(access).routes());
        return all;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private static void setUnlessGiven(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private void exchange(HttpExchange exchange) throws IOException {
        try (exchange) {
            RestResponse response;
            if (room.tryAcquire()) {
                try {
                    response = respond(exchange);
                } finally {
                    room.release();
                }
            } else {
                response = RestResponse.problem(new Problem(
                        429, "OVERLOADED", "metaserver", "has " + REQUESTS_MAX + " requests under way", "ask later"));
            }
            metrics.answered(response.status());
            write(exchange, response);
        }
    }

    private RestResponse respond(HttpExchange exchange) throws IOException {
        try {
            return dispatch(exchange);
        } catch (Problem problem) {
            final String leader = problem.isNotLeader() ? access.leaderUrl() : null;
            if (leader == null) {
                return RestResponse.problem(problem);
            }
            exchange.getResponseHeaders().set("Location", leader + exchange.getRequestURI());
            return RestResponse.elsewhere(problem);
        } catch (RuntimeException fault) {
            LOG.log(
                    Level.ERROR,
                    "a request failed: " + exchange.getRequestMethod() + " "
                            + exchange.getRequestURI().getPath(),
                    fault);
            return RestResponse.problem(new Problem(
                    500, "INTERNAL", "metaserver", "failed to answer", "its log says more; report it with the log"));
        }
    }

    private RestResponse dispatch(HttpExchange exchange) throws IOException {
        final List<String> segments = Route.segments(exchange.getRequestURI().getRawPath());
        final TreeSet<String> allowed = new TreeSet<>();
        for (final Route route : routes) {
            final Map<String, String> parameters = route.match(segments);
            if (parameters == null) {
                continue;
            }
            if (!route.method().equals(exchange.getRequestMethod())) {
                allowed.add(route.method());
                continue;
            }
            authorize(exchange, route.access());
            final RestRequest request = new RestRequest(
                    parameters,
                    exchange.getRequestURI().getRawQuery(),
                    body(exchange),
                    exchange.getRequestHeaders().getFirst("Idempotency-Key"));
            return route.handler().handle(request);
        }
        if (allowed.isEmpty()) {
            throw Problem.notFound("path", "there is no such route", "see /v1/openapi.yaml");
        }
        exchange.getResponseHeaders().set("Allow", String.join(", ", allowed));
        throw new Problem(
                405,
                "METHOD_NOT_ALLOWED",
                "method",
                exchange.getRequestMethod() + " does not go here",
                "use " + allowed);
    }

    private void authorize(HttpExchange exchange, Route.Access wanted) {
        if (wanted == Route.Access.OPEN) {
            return;
        }
        final String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header == null || !header.startsWith(BEARER)) {
            throw unauthenticated(exchange, "is missing");
        }
        final byte[] hash = ClusterRoutes.hash(header.substring(BEARER.length()).trim());
        final Optional<TokenRecord> known = find(access.tokens(), hash);
        if (known.isEmpty()) {
            throw unauthenticated(exchange, "is not known");
        }
        final TokenRecord token = known.get();
        if (wanted == Route.Access.CHANGE && token.readOnly()) {
            throw new Problem(
                    403,
                    "READ_ONLY",
                    "token",
                    "'" + token.name() + "' may only look",
                    "use one that may change things");
        }
    }

    /// Looks at every token, so that the time taken does not tell which one it was.
    private static Optional<TokenRecord> find(List<TokenRecord> tokens, byte[] hash) {
        Optional<TokenRecord> found = Optional.empty();
        for (final TokenRecord token : tokens) {
            if (token.matches(hash)) {
                found = Optional.of(token);
            }
        }
        return found;
    }

    private static Problem unauthenticated(HttpExchange exchange, String reason) {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"basalt\"");
        return new Problem(
                401,
                "NOT_AUTHENTICATED",
                "Authorization",
                "the token " + reason,
                "send 'Authorization: Bearer <token>'; the first token is in the file 'token' of the data folder");
    }

    private static byte[] body(HttpExchange exchange) throws IOException {
        final byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        if (body.length > BODY_BYTES_MAX) {
            throw new Problem(
                    413, "TOO_LARGE", "body", "is longer than " + BODY_BYTES_MAX + " bytes", "send a smaller one");
        }
        final String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (body.length > 0 && (type == null || !type.startsWith("application/json"))) {
            throw new Problem(415, "MEDIA_TYPE", "Content-Type", "is not application/json", "send JSON and say so");
        }
        return body;
    }

    private static void write(HttpExchange exchange, RestResponse response) throws IOException {
        if (response.status() == 503 || response.status() == 429) {
            exchange.getResponseHeaders().set("Retry-After", "1");
        }
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        if (response.body().length == 0) {
            exchange.sendResponseHeaders(response.status(), -1);
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", response.contentType());
        exchange.sendResponseHeaders(response.status(), response.body().length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(response.body());
        }
    }
}
