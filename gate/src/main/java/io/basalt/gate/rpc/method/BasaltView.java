package io.basalt.gate.rpc.method;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.LinkStatus;
import io.basalt.gate.cluster.VolumeLayout;
import io.basalt.gate.rpc.Json;
import io.basalt.net.CallStatus;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.PgTable;
import io.basalt.placement.ShardRouter;
import io.basalt.wire.data.AnswerCode;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What operators are shown of a volume of the cluster.
final class BasaltView {
    private static final long MS_NS = 1_000_000;

    private BasaltView() {}

    /// The volume's `driver_specific`.
    static ObjectNode describe(ClusterVolume volume, ClusterClient cluster) {
        final ObjectNode view = Json.object();
        view.put("volume", volume.volumeName());
        view.put("state", volume.state().name());
        view.put("reason", volume.reason());
        view.put("io_timeout_ms", volume.ioTimeoutNs() / MS_NS);
        view.put("metaserver_connected", cluster.ready());
        final VolumeLayout layout = volume.layout();
        if (layout != null) {
            view.put("volume_id", layout.volumeId());
            view.put("generation", layout.generation());
            view.put("shard_bytes", layout.shardBytes());
            final ArrayNode parts = view.putArray("parts");
            layout.record().parts().forEach(part -> {
                final ClusterMap map = cluster.map(part.setId());
                parts.addObject()
                        .put("part_id", part.partId())
                        .put("set_id", part.setId())
                        .put("offset", part.offsetBytes())
                        .put("length", part.lengthBytes())
                        .put("map_version", map == null ? 0 : map.version());
            });
        }
        final ArrayNode connections = view.putArray("connections");
        for (final ClusterVolume.Connections reactor : volume.connections()) {
            for (final LinkStatus link : reactor.links()) {
                connections
                        .addObject()
                        .put("reactor", reactor.reactor())
                        .put("address", link.address())
                        .put("state", link.state().name())
                        .put("in_flight", link.inFlight())
                        .put("waiting", link.waiting())
                        .put("reason", link.reason());
            }
        }
        return view;
    }

    /// What happened to the volume's requests: only what did.
    static ObjectNode counters(ClusterVolume volume) {
        final ClusterCounters counters = volume.counters();
        final ObjectNode view = Json.object();
        for (final ClusterCounters.Event event : ClusterCounters.Event.values()) {
            view.put(event.name().toLowerCase(Locale.ROOT), counters.of(event));
        }
        final ObjectNode calls = view.putObject("calls");
        for (final CallStatus status : CallStatus.values()) {
            if (counters.of(status) != 0) {
                calls.put(status.name().toLowerCase(Locale.ROOT), counters.of(status));
            }
        }
        final ObjectNode answers = view.putObject("answers");
        for (final AnswerCode code : AnswerCode.values()) {
            if (counters.of(code) != 0) {
                answers.put(code.name().toLowerCase(Locale.ROOT), counters.of(code));
            }
        }
        return view;
    }

    /// Where an offset of the volume lies.
    ///
    /// @param offset bytes, within the volume
    static ObjectNode path(VolumeLayout layout, ClusterMap map, long offset) {
        final int part = layout.partAt(offset);
        final long inPart = offset - layout.start(part);
        final int shard = ShardRouter.shardIndex(inPart, layout.shardBytes());
        final int pg = map.pgOf(layout.partId(part), shard);
        final ObjectNode view = Json.object();
        view.put("offset", offset);
        view.put("part_id", layout.partId(part));
        view.put("set_id", layout.setId(part));
        view.put("shard", shard);
        view.put("offset_in_shard", ShardRouter.offsetInShard(inPart, layout.shardBytes()));
        view.put("pg", pg);
        view.put("epoch", map.epoch(pg));
        view.put("map_version", map.version());
        final int primary = map.primaryDevice(pg);
        if (primary != PgTable.NO_DEVICE) {
            view.put("primary", primary);
        }
        final ArrayNode replicas = view.putArray("replicas");
        for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
            final int id = map.replica(pg, index);
            final Device device = map.device(id);
            final ObjectNode replica = replicas.addObject();
            replica.put("device", id).put("in_sync", map.inSync(pg, index));
            if (device != null) {
                replica.put("address", device.address())
                        .put("location", device.location().toString())
                        .put("state", device.state().name());
            }
        }
        return view;
    }
}
