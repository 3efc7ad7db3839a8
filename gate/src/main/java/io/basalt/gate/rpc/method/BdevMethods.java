package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.store.file.FileVolume;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What is true of volumes of every kind: `bdev_get_bdevs`.
final class BdevMethods {
    private static final List<String> NEVER = List.of(
            "nvme_admin",
            "nvme_io",
            "nvme_io_md",
            "zcopy",
            "get_zone_info",
            "zone_management",
            "zone_append",
            "compare",
            "compare_and_write",
            "abort",
            "seek_hole",
            "seek_data",
            "copy",
            "nvme_iov_md",
            "nvme_nssr",
            "write_uncorrectable");

    private final VolumeRegistry volumes;
    private final @Nullable ClusterClient cluster;

    /// @param cluster null if the gate belongs to none
    BdevMethods(VolumeRegistry volumes, @Nullable ClusterClient cluster) {
        this.volumes = volumes;
        this.cluster = cluster;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "bdev_get_bdevs",
                "Describe one volume or all",
                List.of(
                        text("name", "name or uuid of a volume; all if not given"),
                        integer("timeout", 0, Long.MAX_VALUE, "accepted; volumes are there as soon as they are made")),
                this::describe));
    }

    private JsonNode describe(RpcCall call) {
        final ArrayNode answer = Json.array();
        if (call.has("name")) {
            answer.add(describe(volumes.require("name", call.text("name"))));
        } else {
            volumes.volumes().forEach(entry -> answer.add(describe(entry)));
        }
        return answer;
    }

    private ObjectNode describe(VolumeEntry entry) {
        final Volume volume = entry.volume();
        final ObjectNode bdev = Json.object();
        bdev.put("name", entry.name());
        bdev.putArray("aliases").add(entry.uuid().toString());
        bdev.put("product_name", volume.productName());
        bdev.put("block_size", volume.blockSize());
        bdev.put("num_blocks", volume.sizeBytes() / volume.blockSize());
        bdev.put("preferred_write_alignment", 0).put("preferred_write_granularity", 0);
        bdev.put("optimal_write_size", 0);
        bdev.put("preferred_unmap_alignment", 0).put("preferred_unmap_granularity", 0);
        bdev.put("uuid", entry.uuid().toString());
        QosCalls.describe(
                bdev.putObject("assigned_rate_limits"), entry.limited().limits());
        bdev.put("claimed", !entry.holders().isEmpty());
        bdev.put("zoned", false);
        final ObjectNode types = bdev.putObject("supported_io_types");
        types.put("read", volume.supports(BlockOperation.READ));
        types.put("write", !volume.readOnly() && volume.supports(BlockOperation.WRITE));
        types.put("unmap", volume.supports(BlockOperation.DISCARD));
        types.put("flush", volume.supports(BlockOperation.FLUSH));
        types.put("reset", true);
        types.put("write_zeroes", volume.supports(BlockOperation.WRITE_ZEROES));
        NEVER.forEach(type -> types.put(type, false));
        final ObjectNode specific = VolumeCalls.driverSpecific(entry.spec());
        if (volume instanceof FileVolume file) {
            specific.put("io_path", file.describe());
        }
        if (volume instanceof ClusterVolume attached && cluster != null) {
            specific.set("basalt", BasaltView.describe(attached, cluster));
        }
        bdev.set("driver_specific", specific);
        bdev.put("readonly", volume.readOnly());
        final ArrayNode holders = bdev.putArray("claimed_by");
        entry.holders().forEach(holders::add);
        return bdev;
    }
}
