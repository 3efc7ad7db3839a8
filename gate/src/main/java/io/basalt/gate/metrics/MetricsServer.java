package io.basalt.gate.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.basalt.reactor.Reactor;
import io.basalt.wire.metrics.MetricsPage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// The HTTP side of a gate's metrics: `GET /metrics`, without authentication, on loopback unless the operator says
/// otherwise. What it tells is names and numbers, no data of guests.
///
/// Concurrency: each request has a virtual thread, which posts to the control reactor and waits a bounded time. No
/// more than [#REQUESTS_MAX] wait at once, and nobody holds a connection for long without asking something.
public final class MetricsServer implements AutoCloseable {
    /// Requests answered at once; more are refused.
    static final int REQUESTS_MAX = 4;

    private static final long ANSWER_LIMIT_MS = 5_000;
    private static final int BACKLOG = 16;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final int NO_BODY = -1;

    static {
        // The JDK's server has no other way to be told: bounds on connections, and on how slowly one may ask.
        setUnlessGiven("jdk.httpserver.maxConnections", "1024");
        setUnlessGiven("sun.net.httpserver.maxReqTime", "60");
        setUnlessGiven("sun.net.httpserver.maxRspTime", "60");
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final Reactor control;
    private final Supplier<String> page;
    private final Semaphore room = new Semaphore(REQUESTS_MAX);

    private MetricsServer(InetSocketAddress listen, Reactor control, Supplier<String> page) throws IOException {
        this.control = control;
        this.page = page;
        server = HttpServer.create(listen, BACKLOG);
        threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("metrics-", 0).factory());
        server.setExecutor(threads);
        server.createContext("/", this::exchange);
    }

    private static void setUnlessGiven(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /// Start to answer.
    ///
    /// @param listen address and port; port 0 lets the system choose
    /// @param control the reactor that makes the page
    /// @param page made in that reactor for each request
    /// @throws IOException if the address cannot be listened on
    public static MetricsServer start(InetSocketAddress listen, Reactor control, Supplier<String> page)
            throws IOException {
        final MetricsServer made = new MetricsServer(listen, control, page);
        made.server.start();
        return made;
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void exchange(HttpExchange exchange) throws IOException {
        try (exchange) {
            final String method = exchange.getRequestMethod();
            if (!exchange.getRequestURI().getPath().equals("/metrics")) {
                answer(exchange, NOT_FOUND, "there is only /metrics\n");
            } else if (!method.equals("GET") && !method.equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                answer(exchange, METHOD_NOT_ALLOWED, "use GET\n");
            } else if (!room.tryAcquire()) {
                answer(exchange, UNAVAILABLE, REQUESTS_MAX + " requests are under way; ask later\n");
            } else {
                try {
                    tell(exchange);
                } finally {
                    room.release();
                }
            }
        }
    }

    private void tell(HttpExchange exchange) throws IOException {
        final CompletableFuture<String> made = new CompletableFuture<>();
        control.post(() -> {
            try {
                made.complete(page.get());
            } catch (RuntimeException failure) {
                made.completeExceptionally(failure);
            }
        });
        try {
            final String text = made.get(ANSWER_LIMIT_MS, TimeUnit.MILLISECONDS);
            exchange.getResponseHeaders().set("Content-Type", MetricsPage.CONTENT_TYPE);
            answer(exchange, OK, text);
        } catch (ExecutionException failure) {
            answer(exchange, UNAVAILABLE, "the metrics cannot be had: " + failure.getCause() + "\n");
        } catch (TimeoutException late) {
            answer(exchange, UNAVAILABLE, "the control reactor does not answer\n");
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            answer(exchange, UNAVAILABLE, "the gate is stopping\n");
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, NO_BODY);
            return;
        }
        if (exchange.getResponseHeaders().getFirst("Content-Type") == null) {
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        }
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /// Stop answering.
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
