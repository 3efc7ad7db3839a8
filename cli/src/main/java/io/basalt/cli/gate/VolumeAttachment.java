package io.basalt.cli.gate;

import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.rpc.RpcError;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A cluster's volume on a gate, with a controller of the same name. Each step may be repeated.
public final class VolumeAttachment {
    private final RpcClient gate;
    private final String volume;

    /// What a guest needs to know.
    ///
    /// @param socket path of the vhost-user socket
    /// @param queues virtqueues on offer
    public record Served(Path socket, int queues) {}

    /// From whom a volume may be taken.
    public enum From {
        /// Refused if another gate serves it.
        NOBODY,
        /// The guest will move here from the gate that serves it now: taken when its rings start.
        GUEST_THAT_MOVES,
        /// Taken at once; a gate that serves it is fenced.
        ANYBODY
    }

    /// @param gate stays the caller's
    public VolumeAttachment(RpcClient gate, String volume) {
        this.gate = gate;
        this.volume = volume;
    }

    /// Attach the volume and serve it to guests.
    ///
    /// @param readOnly whether guests may not write
    /// @param packed whether packed rings are offered
    /// @param queues queues offered; 0 leaves it to the gate
    /// @param from what is to become of another gate that serves it
    /// @return what the guest needs
    /// @throws RpcError if the gate refuses; what was made by this call is undone
    public Served serve(boolean readOnly, boolean packed, int queues, From from) {
        final boolean before = isAttached();
        final ObjectNode device = named("name").put("volume", volume);
        switch (from) {
            case NOBODY -> {}
            case GUEST_THAT_MOVES -> device.put("incoming", true);
            case ANYBODY -> device.put("take_over", true);
        }
        gate.call("bdev_basalt_create", device);
        final ObjectNode controller = JsonNodeFactory.instance
                .objectNode()
                .put("ctrlr", volume)
                .put("dev_name", volume)
                .put("readonly", readOnly)
                .put("packed_ring", packed);
        if (queues > 0) {
            controller.put("num_queues", queues);
        }
        try {
            gate.call("vhost_create_blk_controller", controller);
        } catch (RpcError refused) {
            if (!before) {
                gate.call("bdev_basalt_delete", named("name"));
            }
            throw refused;
        }
        final JsonNode made = find();
        if (made == null) {
            throw RpcError.internal("the controller '" + volume + "' is gone as soon as it was made");
        }
        return new Served(
                Path.of(made.path("socket").stringValue("")),
                made.path("num_queues").intValue(1));
    }

    /// Stop serving the volume, once what guests have asked for is answered, and detach it.
    ///
    /// @return whether there was anything to do
    public boolean release() {
        final boolean served = find() != null;
        gate.call("vhost_delete_controller", named("ctrlr"));
        final boolean attached = isAttached();
        if (attached) {
            gate.call("bdev_basalt_delete", named("name"));
        }
        return served || attached;
    }

    /// The controller as the gate describes it; null if there is none.
    public @Nullable JsonNode find() {
        for (final JsonNode controller : gate.call("vhost_get_controllers", null)) {
            if (controller.path("ctrlr").stringValue("").equals(volume)) {
                return controller;
            }
        }
        return null;
    }

    private boolean isAttached() {
        for (final JsonNode device : gate.call("bdev_get_bdevs", null)) {
            if (device.path("name").stringValue("").equals(volume)) {
                return true;
            }
        }
        return false;
    }

    private ObjectNode named(String field) {
        return JsonNodeFactory.instance.objectNode().put(field, volume);
    }
}
