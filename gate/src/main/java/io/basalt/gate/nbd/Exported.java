package io.basalt.gate.nbd;

import io.basalt.gate.controller.VolumeShare;
import io.basalt.gate.rpc.ExportSpec;
import io.basalt.gate.rpc.ExportStatus;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.nbd.Agreement;
import io.basalt.nbd.Export;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One export and the connections that have chosen it. Control reactor.
final class Exported {
    /// How long a client that is hung up on may take to hear its last answers.
    private static final long DRAIN_NS = 2_000_000_000L;

    private final ExportSpec spec;
    private final Export export;
    private final VolumeClaim claim;
    private final Reactor control;
    private final Map<DataSide, VolumeShare> shares = new HashMap<>();
    private final List<Line> lines = new ArrayList<>();
    private final List<Runnable> closed = new ArrayList<>();
    private @Nullable Timer patience;

    /// @param claim owned from now on
    Exported(ExportSpec spec, Export export, VolumeClaim claim, Reactor control, List<DataSide> sides) {
        this.spec = spec;
        this.export = export;
        this.claim = claim;
        this.control = control;
        sides.forEach(side -> shares.put(side, new VolumeShare(claim, side.reactor())));
    }

    ExportSpec spec() {
        return spec;
    }

    Export export() {
        return export;
    }

    ExportStatus status() {
        return new ExportStatus(
                spec,
                export.volume().sizeBytes(),
                lines.stream().map(Line::status).toList());
    }

    /// Serve a client that has chosen this export, on a data reactor.
    ///
    /// @param socket in blocking mode; owned from now on
    /// @param leftover bytes that came behind the handshake
    void admit(FileDescriptor socket, String peer, Agreement agreement, byte[] leftover, DataSide side) {
        if (!closed.isEmpty()) {
            socket.close();
            return;
        }
        final VolumeShare share = Objects.requireNonNull(shares.get(side), "there is a share for each reactor");
        final Line line = new Line(control, side, share, agreement, peer, this::gone);
        lines.add(line);
        claim.entry().addStatistics(line.statistics());
        side.reactor().post(() -> line.open(socket, leftover));
    }

    private void gone(Line line) {
        lines.remove(line);
        claim.entry().removeStatistics(line.statistics());
        if (!closed.isEmpty() && lines.isEmpty()) {
            finish();
        }
    }

    /// Hang up on all, once they are answered; then give the volume back.
    ///
    /// @param done run when that is so
    void close(Runnable done) {
        closed.add(done);
        if (lines.isEmpty()) {
            finish();
            return;
        }
        lines.forEach(Line::drain);
        if (patience == null) {
            patience = control.schedule(DRAIN_NS, () -> {
                patience = null;
                lines.forEach(Line::abort);
            });
        }
    }

    private void finish() {
        if (patience != null) {
            patience.cancel();
            patience = null;
        }
        claim.close();
        closed.forEach(Runnable::run);
    }
}
