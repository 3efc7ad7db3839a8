package io.basalt.reactor.thread;

import io.basalt.linux.process.CpuAffinity;
import io.basalt.linux.process.CpuClock;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import java.lang.Thread.UncaughtExceptionHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// The platform thread that drives one reactor in production.
///
/// The thread opens its engine itself, since a ring belongs to the thread that opened it. What must not fail (an
/// assertion, above all) ends the thread and goes to its last resort, which stops the process: state that one
/// broken invariant has touched serves nobody.
public final class ReactorThread implements AutoCloseable {
    /// The argument for a reactor that runs on any processor.
    public static final int UNPINNED = -1;

    /// The last resort of production: reports, and stops the process without running anything else in it. Requests
    /// in flight are resubmitted after the restart.
    public static final UncaughtExceptionHandler STOP_PROCESS = ReactorThread::stopProcess;

    private static final int EXIT_STATUS = 70;
    private static final int LAST_PASSES_MAX = 1000;

    private final Thread thread;
    private final CompletableFuture<Reactor> opened = new CompletableFuture<>();
    private final CompletableFuture<CpuClock> cpuClock = new CompletableFuture<>();
    private final CompletableFuture<Integer> threadId = new CompletableFuture<>();

    /// Belongs to the loop's thread.
    private boolean stopping;

    private ReactorThread(
            ReactorConfiguration configuration,
            int processor,
            Supplier<? extends Engine> engine,
            FaultHandler faultHandler,
            UncaughtExceptionHandler lastResort) {
        thread = Thread.ofPlatform()
                .name(configuration.name())
                .daemon()
                .uncaughtExceptionHandler(lastResort)
                .unstarted(() -> run(configuration, processor, engine, faultHandler));
    }

    /// Starts a reactor on any processor, whose failed assertions stop the process.
    ///
    /// @param engine opens the engine, called in the new thread
    /// @throws RuntimeException what the engine threw when it could not be opened
    public static ReactorThread start(
            ReactorConfiguration configuration, Supplier<? extends Engine> engine, FaultHandler faultHandler) {
        return start(configuration, UNPINNED, engine, faultHandler, STOP_PROCESS);
    }

    /// Starts a reactor, and returns when its engine is open.
    ///
    /// @param processor the one it is kept on, or [#UNPINNED]
    /// @param engine opens the engine, called in the new thread
    /// @param lastResort told of what ends the thread: any `Error` but those that a [FaultHandler] hears of
    /// @throws RuntimeException what the engine threw when it could not be opened, or a
    ///     [io.basalt.linux.LinuxException] if there is no such processor
    public static ReactorThread start(
            ReactorConfiguration configuration,
            int processor,
            Supplier<? extends Engine> engine,
            FaultHandler faultHandler,
            UncaughtExceptionHandler lastResort) {
        final ReactorThread made = new ReactorThread(configuration, processor, engine, faultHandler, lastResort);
        made.thread.start();
        try {
            made.opened.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
        return made;
    }

    /// The reactor that the thread drives.
    public Reactor reactor() {
        return opened.join();
    }

    /// Processor time used by the thread.
    public CpuClock cpuClock() {
        return cpuClock.join();
    }

    /// The kernel's number of the thread.
    public int threadId() {
        return threadId.join();
    }

    /// Asks the loop to end after the commands that the calling thread has posted before. Commands posted later may
    /// not run. What lives in the reactor must have been taken down before: no request may be in flight. Any
    /// thread.
    public void stop() {
        reactor().post(() -> stopping = true);
    }

    /// Waits for the end of the thread. Any thread but its own.
    ///
    /// @return false if the time was up first
    /// @throws InterruptedException if the calling thread is interrupted
    public boolean join(Duration bound) throws InterruptedException {
        return thread.join(bound);
    }

    /// True until the thread has ended.
    public boolean isAlive() {
        return thread.isAlive();
    }

    /// Asks the loop to end and waits until it has. Any thread but its own.
    @Override
    public void close() {
        stop();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "thread " + thread.getName();
    }

    private void run(
            ReactorConfiguration configuration,
            int processor,
            Supplier<? extends Engine> engine,
            FaultHandler faultHandler) {
        final Reactor reactor;
        try {
            if (processor != UNPINNED) {
                CpuAffinity.pin(processor);
            }
            threadId.complete(io.basalt.linux.process.ProcessControl.threadId());
            cpuClock.complete(CpuClock.ofThread());
            reactor =
                    new Reactor(configuration, SystemClock.INSTANCE, engine.get(), this::isCurrentThread, faultHandler);
        } catch (RuntimeException e) {
            opened.completeExceptionally(e);
            return;
        } catch (Error e) {
            opened.completeExceptionally(e);
            throw e;
        }
        opened.complete(reactor);
        while (!stopping) {
            if (reactor.turn() == 0) {
                Thread.onSpinWait();
            }
        }
        finish(reactor);
    }

    /// Runs what other threads have posted meanwhile, so that as few as possible wait for an answer in vain.
    private static void finish(Reactor reactor) {
        int passes = 0;
        while (passes < LAST_PASSES_MAX && reactor.runOnce() > 0) {
            passes++;
        }
        reactor.engine().close();
    }

    private boolean isCurrentThread() {
        return thread.equals(Thread.currentThread());
    }

    private static void stopProcess(Thread thread, Throwable error) {
        try {
            System.err.println("fatal: " + thread.getName() + " failed, the process stops");
            error.printStackTrace();
        } finally {
            Runtime.getRuntime().halt(EXIT_STATUS);
        }
    }
}
