package io.basalt.cli.image;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.gate.rpc.RpcClient;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// An NBD export of a volume, on the gate's Unix socket, for as long as another program copies an image.
///
/// What was there before stays as it was: a volume that the gate had attached, an export that was made by
/// hand.
final class NbdDoor implements AutoCloseable {
    private final RpcClient gate;
    private final String volume;
    private final boolean attached;
    private final String export;
    private final String uri;

    private NbdDoor(RpcClient gate, String volume, boolean attached, String export, String uri) {
        this.gate = gate;
        this.volume = volume;
        this.attached = attached;
        this.export = export;
        this.uri = uri;
    }

    /// Open the door.
    ///
    /// @param change whether the volume is to be written
    /// @throws CommandException if a guest uses the volume
    static NbdDoor of(String volume, boolean change, GateTarget target, ClusterOptions cluster) {
        final RpcClient gate = target.connect(cluster.configuration());
        try {
            refuseGuests(new VolumeAttachment(gate, volume).find(), volume);
            return open(gate, volume, change);
        } catch (RuntimeException failure) {
            gate.close();
            throw failure;
        }
    }

    private static void refuseGuests(@Nullable JsonNode controller, String volume) {
        if (controller != null && !controller.path("sessions").isEmpty()) {
            throw new CommandException(
                    ExitCode.CONFLICT,
                    volume + " is in use: a guest is connected to "
                            + controller.path("socket").stringValue("its socket"),
                    "stop the guest first");
        }
    }

    private static NbdDoor open(RpcClient gate, String volume, boolean change) {
        final boolean attached = !isThere(gate, volume);
        if (attached) {
            gate.call("bdev_basalt_create", object().put("name", volume).put("volume", volume));
        }
        final String export = volume + ".copy." + ProcessHandle.current().pid();
        try {
            final JsonNode made = gate.call(
                    "nbd_export_create",
                    object().put("bdev_name", volume)
                            .put("name", export)
                            .put("readonly", !change)
                            .put("description", "a copy under way"));
            return new NbdDoor(gate, volume, attached, export, made.path("uri").stringValue(""));
        } catch (RuntimeException refused) {
            if (attached) {
                gate.call("bdev_basalt_delete", object().put("name", volume));
            }
            throw refused;
        }
    }

    private static boolean isThere(RpcClient gate, String volume) {
        for (final JsonNode device : gate.call("bdev_get_bdevs", null)) {
            if (device.path("name").stringValue("").equals(volume)) {
                return true;
            }
        }
        return false;
    }

    /// What an NBD client is to be given.
    String uri() {
        return uri;
    }

    /// Size of the disk behind it, in bytes.
    long bytes() {
        return gate.call("nbd_get_exports", object().put("name", export))
                .path(0)
                .path("size")
                .longValue();
    }

    @Override
    public void close() {
        try (gate) {
            gate.call("nbd_export_delete", object().put("name", export));
            if (attached) {
                gate.call("bdev_basalt_delete", object().put("name", volume));
            }
        }
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
