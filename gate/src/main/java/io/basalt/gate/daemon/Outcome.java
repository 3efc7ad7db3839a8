package io.basalt.gate.daemon;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// What a reactor makes of something that another thread has given it to do.
final class Outcome {
    private Outcome() {}

    /// Wait for it, on a thread that is not a reactor's.
    ///
    /// @return the result
    /// @throws RuntimeException the one that it ended with; an [IllegalStateException] if this thread is
    ///     interrupted
    static <T> T await(CompletableFuture<T> result) {
        try {
            return result.get();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a reactor worked", interrupted);
        }
    }
}
