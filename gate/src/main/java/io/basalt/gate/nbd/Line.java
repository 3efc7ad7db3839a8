package io.basalt.gate.nbd;

import io.basalt.block.VolumeChannel;
import io.basalt.gate.controller.VolumeShare;
import io.basalt.gate.rpc.ExportStatus;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.nbd.Agreement;
import io.basalt.nbd.ExtentQuery;
import io.basalt.nbd.Transmission;
import io.basalt.nbd.TransmissionCounters;
import io.basalt.nbd.TransmissionCounters.Kind;
import io.basalt.nbd.TransmissionMemory;
import io.basalt.reactor.Reactor;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One client's connection in its second phase: its memory, and its [Transmission] on a data reactor.
///
/// Concurrency: made and told to end on the control reactor, which also maps and unmaps the memory and
/// looks for extents; everything else is in the data reactor.
final class Line implements Transmission.Owner {
    private static final System.Logger LOG = System.getLogger(Line.class.getName());

    private final Reactor control;
    private final DataSide side;
    private final VolumeShare share;
    private final Agreement agreement;
    private final String peer;
    private final Consumer<Line> gone;
    private final Mapping mapping = Mapping.anonymous(TransmissionMemory.BYTES);
    private final TransmissionMemory memory = new TransmissionMemory(mapping.segment());
    private final TransmissionCounters counters = new TransmissionCounters();
    private final LineStatistics statistics;

    /// The data reactor's.
    private @Nullable Transmission transmission;

    private @Nullable VolumeChannel channel;

    /// @param gone told on the control reactor when nothing is left of the connection
    Line(Reactor control, DataSide side, VolumeShare share, Agreement agreement, String peer, Consumer<Line> gone) {
        this.control = control;
        this.side = side;
        this.share = share;
        this.agreement = agreement;
        this.peer = peer;
        this.gone = gone;
        statistics = new LineStatistics(
                "NBD export " + agreement.export().name() + " for " + peer,
                side.reactor().id(),
                counters);
        // Here and not when the data reactor has the device pin it: that would take as long as a guest's hundred
        // requests.
        mapping.prefault();
        log("connected", "");
    }

    LineStatistics statistics() {
        return statistics;
    }

    ExportStatus.Connection status() {
        long requests = 0;
        for (final Kind kind : Kind.values()) {
            requests += counters.operations(kind);
        }
        return new ExportStatus.Connection(
                peer, agreement.style().name(), side.reactor().id(), requests);
    }

    private void log(String what, String why) {
        LOG.log(Level.DEBUG, "export={0} peer={1} {2} {3}", agreement.export().name(), peer, what, why);
    }

    /// Hang up when the client is answered.
    void drain() {
        side.reactor().post(() -> {
            if (transmission != null) {
                transmission.drain();
            }
        });
    }

    /// Hang up.
    void abort() {
        side.reactor().post(() -> {
            if (transmission != null) {
                transmission.abort("the export is gone");
            }
        });
    }

    // ---- in the data reactor

    /// Begin.
    void open(FileDescriptor socket, byte[] leftover) {
        final VolumeChannel taken = share.take();
        channel = taken;
        taken.useMemory(memory.table());
        final Transmission made = new Transmission(agreement, taken, memory, side.reactor()::nowNs, counters, this);
        transmission = made;
        made.observedBy(share.observer());
        made.start(side.add(made, socket, peer), MemorySegment.ofArray(leftover));
    }

    @Override
    public void ask(ExtentQuery query) {
        control.post(() -> {
            query.run();
            side.reactor().post(() -> {
                if (transmission != null) {
                    transmission.answered(query);
                }
            });
        });
    }

    @Override
    public void closed(String reason) {
        if (transmission != null) {
            side.remove(transmission);
            transmission = null;
        }
        if (channel != null) {
            channel.releaseMemory(memory.table());
            channel = null;
            share.giveBack();
        }
        control.post(() -> {
            mapping.close();
            log("closed:", reason);
            gone.accept(this);
        });
    }
}
