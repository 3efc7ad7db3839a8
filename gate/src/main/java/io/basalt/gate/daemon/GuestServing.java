package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeLayout;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.ServeResult;
import java.nio.file.Path;
import tools.jackson.databind.node.ObjectNode;

/// Serves a volume to guests when the metaserver asks for it, by the same calls that an operator of this gate would
/// make: so it is saved, shown and removed like any other. Control reactor.
final class GuestServing implements ClusterClient.ServeListener {
    private static final String CONTROLLER_PREFIX = "vhost.";

    private final RpcDispatcher dispatcher;
    private final ClusterClient client;
    private final Path socketFolder;

    /// @param socketFolder where sockets of controllers are made
    GuestServing(RpcDispatcher dispatcher, ClusterClient client, Path socketFolder) {
        this.dispatcher = dispatcher;
        this.client = client;
        this.socketFolder = socketFolder;
    }

    @Override
    public void serve(String volumeName, MetaReply<ServeResult> reply) {
        final ClusterVolume open = client.find(volumeName);
        if (open != null) {
            serveGuests(volumeName, open.name(), reply);
            return;
        }
        final ObjectNode parameters = Json.object().put("name", volumeName).put("volume", volumeName);
        dispatcher.call("bdev_basalt_create", parameters, result -> {
            final RpcError error = result.error();
            if (error == null) {
                serveGuests(volumeName, volumeName, reply);
            } else {
                refuse(reply, error);
            }
        });
    }

    private void serveGuests(String volumeName, String bdev, MetaReply<ServeResult> reply) {
        final String controller = CONTROLLER_PREFIX + volumeName;
        final ObjectNode parameters = Json.object().put("ctrlr", controller).put("dev_name", bdev);
        dispatcher.call("vhost_create_blk_controller", parameters, result -> {
            final RpcError error = result.error();
            if (error != null) {
                refuse(reply, error);
                return;
            }
            final ClusterVolume open = client.find(volumeName);
            final VolumeLayout layout = open == null ? null : open.layout();
            if (layout == null) {
                reply.refused(MetaCode.UNAVAILABLE, "the volume is not attached yet; ask again");
            } else {
                final String socket = socketFolder.resolve(controller).toString();
                reply.done(new ServeResult(layout.generation(), socket));
            }
        });
    }

    @Override
    public void release(String volumeName, MetaReply<Boolean> reply) {
        final ObjectNode controller = Json.object().put("ctrlr", CONTROLLER_PREFIX + volumeName);
        dispatcher.call("vhost_delete_controller", controller, result -> {
            final RpcError error = result.error();
            if (error == null) {
                detach(volumeName, reply);
            } else {
                refuse(reply, error);
            }
        });
    }

    private void detach(String volumeName, MetaReply<Boolean> reply) {
        final ClusterVolume open = client.find(volumeName);
        if (open == null) {
            reply.done(true);
            return;
        }
        dispatcher.call("bdev_basalt_delete", Json.object().put("name", open.name()), result -> {
            final RpcError error = result.error();
            if (error == null) {
                reply.done(true);
            } else {
                refuse(reply, error);
            }
        });
    }

    private static void refuse(MetaReply<?> reply, RpcError error) {
        final MetaCode code = switch (error.code()) {
            case RpcError.BUSY -> MetaCode.CONFLICT;
            case RpcError.EXISTS -> MetaCode.EXISTS;
            case RpcError.NO_DEVICE -> MetaCode.NOT_FOUND;
            case RpcError.IO_ERROR -> MetaCode.UNAVAILABLE;
            default -> MetaCode.BAD_REQUEST;
        };
        reply.refused(code, String.valueOf(error.getMessage()));
    }
}
