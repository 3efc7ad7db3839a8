package io.basalt.cli.image;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.gate.rpc.RpcClient;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The socket of a volume while an image is copied: its controller's if it has one, else one made for the time
/// being.
final class DiskSocket implements AutoCloseable {
    private final Path path;
    private final @Nullable RpcClient gate;
    private final @Nullable VolumeAttachment made;

    private DiskSocket(Path path, @Nullable RpcClient gate, @Nullable VolumeAttachment made) {
        this.path = path;
        this.gate = gate;
        this.made = made;
    }

    /// A socket that somebody else looks after.
    static DiskSocket of(Path path) {
        return new DiskSocket(path, null, null);
    }

    /// The socket of a volume on a gate.
    ///
    /// @param change whether the volume is to be written: then no guest may use it
    /// @throws CommandException if a guest uses it
    static DiskSocket of(String volume, boolean change, GateTarget target, ClusterOptions cluster) {
        final RpcClient gate = target.connect(cluster.configuration());
        try {
            final VolumeAttachment attachment = new VolumeAttachment(gate, volume);
            final JsonNode present = attachment.find();
            if (present == null) {
                return new DiskSocket(
                        attachment
                                .serve(!change, false, 1, VolumeAttachment.From.NOBODY)
                                .socket(),
                        gate,
                        attachment);
            }
            if (!present.path("sessions").isEmpty()) {
                throw new CommandException(
                        ExitCode.CONFLICT,
                        volume + " is in use: a guest is connected to "
                                + present.path("socket").stringValue("its socket"),
                        change ? "stop the guest first" : "stop the guest first, so that the image is of one moment");
            }
            return new DiskSocket(Path.of(present.path("socket").stringValue("")), gate, null);
        } catch (RuntimeException failure) {
            gate.close();
            throw failure;
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            if (made != null) {
                made.release();
            }
        } finally {
            if (gate != null) {
                gate.close();
            }
        }
    }
}
