package io.basalt.gate.daemon;

import io.basalt.gate.handover.HandoverSocket;
import io.basalt.gate.holder.Depository;
import io.basalt.gate.holder.Holder;
import io.basalt.gate.holder.Marks;
import io.basalt.gate.holder.ServiceStore;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.memory.MemorySpec;
import io.basalt.linux.process.ProcessControl;
import io.basalt.linux.process.ServiceManager;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The holder of a gate's descriptors as a process: a socket in the gate's data folder, and one
/// reactor. It serves no guest and reads no message of one, so that little can go wrong with it.
///
/// Concurrency: made and closed by one thread that is not its reactor's.
public final class GateHolder implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(GateHolder.class.getName());
    private static final String SOCKET = "holder.sock";
    private static final int RING_ENTRIES = 64;

    private final ReactorThread control;
    private final FileDescriptor marksFd;
    private final Mapping marks;
    /// Closes what front ends had a hand in: that may take as long as somebody else likes.
    private final ExecutorService closer = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("close").factory());

    private final Holder holder;
    private final HandoverDoor door;

    /// @param kept what an earlier life has left, by name
    private GateHolder(Path data, Depository depository, Map<String, Integer> kept) {
        final FaultHandler faults = (reactor, source, fault) ->
                LOG.log(Level.ERROR, reactor + " dropped " + source.getClass().getName() + " after a fault", fault);
        final Integer known = kept.get(Holder.MARKS);
        marksFd = known == null ? newMarks() : FileDescriptor.adopt(known);
        marks = Mapping.ofFile(marksFd.number(), 0, Marks.BYTES, true);
        if (known == null) {
            depository.put(Holder.MARKS, marksFd.number());
        }
        control = ReactorThread.start(
                ReactorConfiguration.of("holder", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(RING_ENTRIES),
                faults);
        final Reactor reactor = control.reactor();
        final CompletableFuture<Holder> made = new CompletableFuture<>();
        final CompletableFuture<HandoverDoor> opened = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                final Holder holding = new Holder(
                        reactor,
                        known == null ? Marks.create(marks.segment()) : Marks.open(marks.segment()),
                        marksFd.number(),
                        this::closeLater,
                        depository);
                holding.restore(kept);
                made.complete(holding);
                opened.complete(new HandoverDoor(
                        reactor, socket(data), socket -> holding.connected(HandoverSocket.of(socket))));
            } catch (RuntimeException failure) {
                made.completeExceptionally(failure);
                opened.completeExceptionally(failure);
            }
        });
        try {
            holder = Outcome.await(made);
            door = Outcome.await(opened);
        } catch (RuntimeException failure) {
            release();
            throw failure;
        }
    }

    private static FileDescriptor newMarks() {
        final MemFd file = MemFd.create("basalt-marks", Marks.BYTES);
        file.addSeals(MemorySpec.F_SEAL_SHRINK | MemorySpec.F_SEAL_GROW);
        return FileDescriptor.adopt(file.release());
    }

    /// Begin to hold for the gate of a data folder, which is made if it is not there. A service manager
    /// that has told this process where it is keeps what is held over the holder's death.
    ///
    /// @param environment of this process
    /// @throws RuntimeException if another holder does that, or the socket cannot be made
    public static GateHolder start(Path data, Map<String, String> environment) {
        DataFolder.make(data);
        final String manager = environment.get(ServiceManager.VARIABLE);
        return new GateHolder(
                data,
                manager == null ? Depository.NONE : new ServiceStore(manager),
                ServiceManager.kept(environment, ProcessControl.processId()));
    }

    /// Where the holder of a gate is found.
    ///
    /// @param data the gate's folder
    public static Path socket(Path data) {
        return data.resolve(SOCKET).toAbsolutePath();
    }

    private void closeLater(int fd) {
        closer.execute(() -> FileDescriptor.close(fd));
    }

    /// Stop: what is held is given up. A gate that serves goes on.
    @Override
    public void close() {
        final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        control.reactor().post(() -> {
            door.close();
            holder.close();
            closed.complete(Boolean.TRUE);
        });
        final boolean _ = Outcome.await(closed);
        release();
    }

    private void release() {
        control.close();
        closer.close();
        marks.close();
        marksFd.close();
    }
}
