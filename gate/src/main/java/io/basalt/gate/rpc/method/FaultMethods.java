package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.uuid;
import static io.basalt.gate.rpc.RpcParameter.word;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.gate.volume.VolumeSpec.Kind;
import io.basalt.store.fault.ErrorRule;
import io.basalt.store.fault.ErrorVolume;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Volumes that misbehave on purpose, over other volumes: `bdev_error_*` and `bdev_delay_*`.
final class FaultMethods {
    private static final long HOUR_US = 3600L * 1_000_000;
    private static final List<String> LATENCIES =
            List.of("avg_read_latency", "p99_read_latency", "avg_write_latency", "p99_write_latency");

    private final VolumeRegistry volumes;
    private final LiveConfiguration configuration;

    FaultMethods(VolumeRegistry volumes, LiveConfiguration configuration) {
        this.volumes = volumes;
        this.configuration = configuration;
    }

    /// SPDK's name for the error volume over another.
    static String errorName(String base) {
        return "EE_" + base;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "bdev_error_create",
                "Make a volume EE_<base_name> that fails requests on demand",
                List.of(VolumeMethods.name("base_name"), uuid("uuid", "second name")),
                this::createError));
        dispatcher.register(RpcMethod.of(
                "bdev_error_inject_error",
                "Fail the next requests of an error volume",
                List.of(
                        VolumeMethods.name("name"),
                        word("io_type", List.of("clear", "read", "write", "unmap", "flush", "all"), "which requests")
                                .must(),
                        word("error_type", List.of("failure", "nomem"), "how they fail")
                                .must(),
                        integer("num", 1, Long.MAX_VALUE, "how many; 1 if not given")),
                this::inject));
        dispatcher.register(RpcMethod.of(
                "bdev_delay_create",
                "Make a volume that answers late",
                List.of(
                        VolumeMethods.name("name"),
                        VolumeMethods.name("base_bdev_name"),
                        latency(LATENCIES.get(0)),
                        latency(LATENCIES.get(1)),
                        latency(LATENCIES.get(2)),
                        latency(LATENCIES.get(3)),
                        uuid("uuid", "second name")),
                this::createDelay));
        for (final Kind kind : List.of(Kind.ERROR, Kind.DELAY)) {
            dispatcher.register(RpcMethod.of(
                    "bdev_" + kind.word() + "_delete",
                    "Delete a volume, not its base; true too if there is none",
                    List.of(VolumeMethods.name("name")),
                    call -> delete(call, kind)));
        }
    }

    private static RpcParameter latency(String name) {
        return integer(name, 0, HOUR_US, "microseconds").must();
    }

    private JsonNode createError(RpcCall call) {
        final String base = base(call, "base_name");
        create(new VolumeSpec.Failing(errorName(base), uuidOf(call, errorName(base)), base));
        return Json.truth(true);
    }

    private JsonNode createDelay(RpcCall call) {
        for (int index = 0; index < LATENCIES.size(); index += 2) {
            if (call.integer(LATENCIES.get(index + 1)) < call.integer(LATENCIES.get(index))) {
                throw RpcError.invalidParameter(
                        LATENCIES.get(index + 1),
                        "is less than " + LATENCIES.get(index),
                        "the 99th percentile is not below the average");
            }
        }
        final String name = call.text("name");
        create(new VolumeSpec.Delay(
                name,
                uuidOf(call, name),
                base(call, "base_bdev_name"),
                call.integer(LATENCIES.get(0)),
                call.integer(LATENCIES.get(1)),
                call.integer(LATENCIES.get(2)),
                call.integer(LATENCIES.get(3))));
        return Json.text(name);
    }

    private String base(RpcCall call, String parameter) {
        return volumes.require(parameter, call.text(parameter)).name();
    }

    private static UUID uuidOf(RpcCall call, String name) {
        final UUID given = call.uuid("uuid");
        return given == null ? VolumeSpec.derivedUuid(name) : given;
    }

    private void create(VolumeSpec spec) {
        volumes.create(spec);
        configuration.changed(LiveConfiguration.BDEV, spec.name());
    }

    private JsonNode delete(RpcCall call, Kind kind) {
        final VolumeEntry entry = volumes.find(call.text("name"));
        volumes.delete(call.text("name"), kind);
        configuration.changed(LiveConfiguration.BDEV, entry == null ? call.text("name") : entry.name());
        return Json.truth(true);
    }

    private JsonNode inject(RpcCall call) {
        final VolumeEntry entry = volumes.require(call.text("name"), Kind.ERROR);
        if (!(entry.volume() instanceof ErrorVolume volume)) {
            throw RpcError.unsupported("name", "'" + entry.name() + "' cannot fail on demand", "");
        }
        final String type = call.text("io_type");
        if (type.equals("clear")) {
            volume.clear();
            return Json.truth(true);
        }
        final BlockStatus status =
                call.text("error_type").equals("nomem") ? BlockStatus.NO_SPACE : BlockStatus.IO_ERROR;
        volume.inject(new ErrorRule(operation(type), 0, Long.MAX_VALUE, 1, call.integer("num", 1), status));
        return Json.truth(true);
    }

    private static @Nullable BlockOperation operation(String type) {
        return switch (type) {
            case "read" -> BlockOperation.READ;
            case "write" -> BlockOperation.WRITE;
            case "unmap" -> BlockOperation.DISCARD;
            case "flush" -> BlockOperation.FLUSH;
            default -> null;
        };
    }
}
