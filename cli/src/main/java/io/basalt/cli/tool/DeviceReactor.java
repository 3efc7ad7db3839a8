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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// Devices opened for one job that runs in a reactor, as chunk servers run theirs.
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

    /// A job on several devices.
    @FunctionalInterface
    public interface JobOnAll<T> {
        /// Begin; called in the reactor.
        ///
        /// @param result to be completed when the job is done, from a later poll
        void begin(List<Volume> devices, Reactor reactor, CompletableFuture<T> result);
    }

    /// Do a job on a device and wait for its end.
    ///
    /// @param write whether the device may be written to
    /// @throws CommandException if the device cannot be opened, or the job ends with an error
    public static <T> T run(Path path, boolean write, Job<T> job) {
        return runOnAll(
                List.of(path), write, (devices, reactor, result) -> job.begin(devices.getFirst(), reactor, result));
    }

    /// Do a job on several devices and wait for its end.
    ///
    /// @param write whether the devices may be written to
    /// @throws CommandException if one cannot be opened, or the job ends with an error
    public static <T> T runOnAll(List<Path> paths, boolean write, JobOnAll<T> job) {
        final List<FileVolume> devices = new ArrayList<>();
        try {
            for (final Path path : paths) {
                devices.add(open(path, write));
            }
            return inReactor(List.copyOf(devices), job);
        } finally {
            devices.forEach(FileVolume::close);
        }
    }

    private static FileVolume open(Path path, boolean write) {
        try {
            return FileVolume.open(FileOptions.of("device", path).withReadOnly(!write));
        } catch (VolumeException refused) {
            throw refused(path, refused);
        }
    }

    private static <T> T inReactor(List<Volume> devices, JobOnAll<T> job) {
        try (ReactorThread thread = ReactorThread.start(
                ReactorConfiguration.of("device", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(RING_ENTRIES),
                (_, _, fault) -> {
                    throw new IllegalStateException(fault);
                })) {
            final CompletableFuture<T> result = new CompletableFuture<>();
            thread.reactor().post(() -> {
                try {
                    job.begin(devices, thread.reactor(), result);
                } catch (RuntimeException failure) {
                    result.completeExceptionally(failure);
                }
            });
            return result.get();
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
                refused.reason().contains(path.toString()) ? refused.reason() : path + ": " + refused.reason(),
                refused.kind() == VolumeException.Kind.BUSY
                        ? "stop the chunk server that has it, then try again"
                        : refused.hint());
    }
}
