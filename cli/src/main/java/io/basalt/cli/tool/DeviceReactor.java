package io.basalt.cli.tool;

import io.basalt.block.Volume;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.VolumeException;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// A device opened for one job that runs in a reactor, as chunk servers run theirs.
public final class DeviceReactor {
    private static final int RING_ENTRIES = 256;

    private DeviceReactor() {}

    /// A job.
    @FunctionalInterface
    public interface Job<T> {
        /// Begin; called in the reactor.
        ///
        /// @param result to be completed when the job is done, from a later poll
        void begin(Volume device, Reactor reactor, CompletableFuture<T> result);
    }

    /// Do a job on a device and wait for its end.
    ///
    /// @param write whether the device may be written to
    /// @throws CommandException if the device cannot be opened, or the job ends with an error
    public static <T> T run(Path path, boolean write, Job<T> job) {
        try (FileVolume device = FileVolume.open(FileOptions.of("device", path).withReadOnly(!write));
                ReactorThread thread = ReactorThread.start(
                        ReactorConfiguration.of("device", 0).withIdleMode(IdleMode.INTERRUPT),
                        () -> UringEngine.open(RING_ENTRIES),
                        (_, _, fault) -> {
                            throw new IllegalStateException(fault);
                        })) {
            final CompletableFuture<T> result = new CompletableFuture<>();
            thread.reactor().post(() -> {
                try {
                    job.begin(device, thread.reactor(), result);
                } catch (RuntimeException failure) {
                    result.completeExceptionally(failure);
                }
            });
            return result.get();
        } catch (VolumeException refused) {
            throw refused(path, refused);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CommandException(ExitCode.FAILED, "interrupted", "");
        }
    }

    private static CommandException refused(Path path, VolumeException refused) {
        return new CommandException(
                switch (refused.kind()) {
                    case NOT_FOUND -> ExitCode.NOT_FOUND;
                    case BUSY -> ExitCode.CONFLICT;
                    default -> ExitCode.FAILED;
                },
                path + ": " + refused.getMessage(),
                refused.kind() == VolumeException.Kind.BUSY ? "stop the chunk server that has it, then try again" : "");
    }
}
