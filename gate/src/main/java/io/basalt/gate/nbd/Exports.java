package io.basalt.gate.nbd;

import io.basalt.gate.controller.Controllers.DataReactor;
import io.basalt.gate.rpc.ExportHost;
import io.basalt.gate.rpc.ExportSpec;
import io.basalt.gate.rpc.ExportStatus;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.nbd.Export;
import io.basalt.net.tcp.UringStreams;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.uring.UringEngine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The gate's NBD exports by name, and the places where they are listened for. Control reactor.
///
/// One export is one user of its volume, however many clients it has.
public final class Exports implements ExportHost {
    private final Reactor control;
    private final List<DataSide> sides;
    private final VolumeRegistry volumes;
    private final Map<String, Exported> exports = new LinkedHashMap<>();
    private final Map<String, Door> doors = new LinkedHashMap<>();

    /// Streams of handshakes; made with the first door.
    private @Nullable UringStreams streams;

    private int nextSide;

    /// @param control the reactor that this object belongs to, on an io_uring
    /// @param reactors at least one; connections are spread over them
    public Exports(Reactor control, List<DataReactor> reactors, VolumeRegistry volumes) {
        this.control = control;
        this.volumes = volumes;
        sides = reactors.stream().map(each -> new DataSide(each.reactor())).toList();
    }

    @Override
    public void create(ExportSpec spec) {
        final VolumeClaim claim = volumes.claim(spec.volume(), "NBD export " + spec.name(), false, _ -> {});
        final Door door;
        try {
            door = door(spec);
        } catch (LinuxException failure) {
            claim.close();
            throw socketError(spec, failure);
        }
        final Export export = new Export(spec.name(), spec.description(), claim.volume(), spec.readOnly());
        final Exported made = new Exported(spec, export, claim, control, sides);
        exports.put(spec.name(), made);
        door.add(made);
    }

    private Door door(ExportSpec spec) {
        final Door present = doors.get(spec.place());
        if (present != null) {
            return present;
        }
        final Door opened = new Door(control, streams(), spec, this::nextSide);
        doors.put(spec.place(), opened);
        return opened;
    }

    private UringStreams streams() {
        final UringStreams present = streams;
        if (present != null) {
            return present;
        }
        final UringEngine engine = UringEngine.of(control);
        final UringStreams made = new UringStreams(engine);
        engine.addHook(made::retry);
        streams = made;
        return made;
    }

    /// Connections go to the reactors in turn.
    private DataSide nextSide() {
        nextSide = (nextSide + 1) % sides.size();
        return sides.get(nextSide);
    }

    private static RpcError socketError(ExportSpec spec, LinuxException failure) {
        if (failure.errno() == Errno.EADDRINUSE) {
            return RpcError.exists(
                    spec.socket() == null ? "listen" : "socket",
                    spec.place() + " is in use",
                    "another process serves it, or a file is in the way: remove it or choose another place");
        }
        return RpcError.of(failure);
    }

    @Override
    public void delete(String name, Runnable completion) {
        final Exported export = exports.get(name);
        if (export == null) {
            completion.run();
            return;
        }
        final Door door = doors.get(export.spec().place());
        if (door != null && door.remove(export)) {
            doors.remove(export.spec().place());
            door.close();
        }
        export.close(() -> {
            exports.remove(name, export);
            completion.run();
        });
    }

    @Override
    public List<ExportStatus> list() {
        final List<ExportStatus> all = new ArrayList<>();
        exports.values().forEach(export -> all.add(export.status()));
        return all;
    }
}
