package io.basalt.chunk.server;

import io.basalt.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// Doing something in a reactor from another thread, and waiting for it. Start and stop only.
final class InReactor {
    private static final long TIMEOUT_S = 60;

    private InReactor() {}

    /// Do something, and wait until it says that it is done.
    ///
    /// @param what for people, if it is never done
    /// @throws ChunkServerException if it fails, or is not done in time
    static <T> T await(Reactor reactor, String what, Consumer<CompletableFuture<T>> action) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                action.accept(future);
            } catch (RuntimeException e) {
                future.completeExceptionally(e);
            }
        });
        try {
            return future.get(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(what, e.getCause());
        } catch (TimeoutException e) {
            throw new ChunkServerException(what + " took more than " + TIMEOUT_S + " s; see the log");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ChunkServerException(what + " was interrupted");
        }
    }
}
