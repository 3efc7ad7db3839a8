package io.basalt.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The wait for SIGTERM or Ctrl-C. The process then ends with status 0, once what was waiting has cleaned up.
final class Termination {
    /// How long the end of the process waits for the cleaning up.
    private static final int CLEANUP_LIMIT_S = 20;

    private static final CountDownLatch ASKED = new CountDownLatch(1);
    private static final CountDownLatch CLEANED = new CountDownLatch(1);

    private static volatile int exitStatus = Main.FAILED;

    private Termination() {}

    /// Return when the process is asked to end. Once in a process's life; [#cleaned] must follow.
    static void await() {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("termination").unstarted(Termination::end));
        try {
            ASKED.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
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
        ASKED.countDown();
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
