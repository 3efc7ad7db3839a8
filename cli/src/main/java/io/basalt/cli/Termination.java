package io.basalt.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// The wait for SIGTERM or Ctrl-C. The process then ends with status 0, once what was waiting has cleaned up.
public final class Termination {
    /// How long the end of the process waits for the cleaning up.
    private static final int CLEANUP_LIMIT_S = 60;

    private static final CountDownLatch ASKED = new CountDownLatch(1);
    private static final CountDownLatch CLEANED = new CountDownLatch(1);

    private static volatile int exitStatus = ExitCode.FAILED;

    private Termination() {}

    /// Return when the process is asked to end. Once in a process's life; the command must return afterwards.
    public static void await() {
        await(new CompletableFuture<>());
    }

    /// Return when the process is asked to end, or something else makes it.
    ///
    /// @param otherwise completed with a status by what makes it end; with 0 by a signal
    /// @return the status
    public static int await(CompletableFuture<Integer> otherwise) {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("termination").unstarted(() -> {
                    ASKED.countDown();
                    otherwise.complete(ExitCode.OK);
                    end();
                }));
        try {
            return otherwise.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure.getCause());
        }
    }

    /// Whether the end was asked for by a signal that [#await()] has seen.
    static boolean asked() {
        return ASKED.getCount() == 0;
    }

    /// Everything is cleaned up: let the process end with this status.
    static void cleaned(int status) {
        exitStatus = status;
        CLEANED.countDown();
    }

    private static void end() {
        try {
            if (!CLEANED.await(CLEANUP_LIMIT_S, TimeUnit.SECONDS)) {
                System.err.println("basalt: not cleaned up after " + CLEANUP_LIMIT_S + " s, ending all the same");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        // A JVM that ends by a signal reports 128 + signal; asked to end, and clean, is success.
        System.out.flush();
        Runtime.getRuntime().halt(exitStatus);
    }
}
