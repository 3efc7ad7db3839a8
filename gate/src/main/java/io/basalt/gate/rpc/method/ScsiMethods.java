package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;
import static io.basalt.gate.rpc.RpcParameter.word;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.volume.VolumeRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// SCSI controllers and their targets: `vhost_create_scsi_controller`, `vhost_scsi_controller_add_target`,
/// `vhost_scsi_controller_remove_target`. What they share with disks is in [VhostMethods].
///
/// Idempotent: making what is there again with the same parameters succeeds, removing what is not there too.
final class ScsiMethods {
    static final String CREATE = "vhost_create_scsi_controller";
    static final String ADD_TARGET = "vhost_scsi_controller_add_target";

    private static final int TARGETS_MAX = 8;
    private static final int QUEUES_MIN = 3;
    private static final int QUEUES_MAX = 256;

    private final VolumeRegistry volumes;
    private final ControllerHost controllers;
    private final LiveConfiguration configuration;
    private final VhostMethods common;

    ScsiMethods(
            VolumeRegistry volumes, ControllerHost controllers, LiveConfiguration configuration, VhostMethods common) {
        this.volumes = volumes;
        this.controllers = controllers;
        this.configuration = configuration;
        this.common = common;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                CREATE,
                "Make a SCSI host for a virtual machine on a Unix socket; its targets are added apart",
                List.of(
                        VhostMethods.name("ctrlr").must(),
                        text("cpumask", "processors of the reactors to use: 0x3 or [0,1]"),
                        flag("packed_ring", "offer the packed ring"),
                        text("socket", "absolute path of the socket; <socket directory>/<ctrlr> if not given"),
                        word("mode", List.of("server", "client"), "who listens: the gate (server) or QEMU (client)"),
                        integer(
                                "num_queues",
                                QUEUES_MIN,
                                QUEUES_MAX,
                                "queues offered, with those for control and events; the gate chooses if not given")),
                this::create));
        dispatcher.register(RpcMethod.of(
                ADD_TARGET,
                "Give a SCSI controller a volume as another target",
                List.of(
                        VhostMethods.name("ctrlr").must(),
                        integer("scsi_target_num", -1, TARGETS_MAX - 1, "number of the target; -1 for the first free")
                                .must(),
                        VolumeMethods.name("bdev_name")),
                this::add));
        dispatcher.register(RpcMethod.deferring(
                "vhost_scsi_controller_remove_target",
                "Answer a target's requests and remove it; true too if there is none",
                List.of(
                        VhostMethods.name("ctrlr").must(),
                        integer("scsi_target_num", 0, TARGETS_MAX - 1, "number of the target")
                                .must()),
                this::remove));
    }

    private JsonNode create(RpcCall call) {
        final String name = common.checkedName(call);
        common.make(new ControllerSpec(
                name,
                "",
                common.socket(call, name),
                ControllerSpec.Mode.valueOf(call.text("mode", "server").toUpperCase(Locale.ROOT)),
                false,
                call.flag("packed_ring", false),
                call.has("cpumask") ? CpuMask.canonical("cpumask", call.text("cpumask")) : "",
                (int) call.integer("num_queues", 0),
                ControllerSpec.Kind.SCSI));
        configuration.changed(LiveConfiguration.SCSI, name);
        return Json.truth(true);
    }

    private JsonNode add(RpcCall call) {
        final String name = call.text("ctrlr");
        common.require("ctrlr", name);
        final String volume =
                volumes.require("bdev_name", call.text("bdev_name")).name();
        final int number = controllers.addTarget(name, (int) call.integer("scsi_target_num"), volume);
        configuration.changed(LiveConfiguration.SCSI, objectOf(name, number));
        return Json.number(number);
    }

    private void remove(RpcCall call) {
        final String name = call.text("ctrlr");
        final int number = (int) call.integer("scsi_target_num");
        common.require("ctrlr", name);
        controllers.removeTarget(name, number, failure -> {
            final @Nullable RpcError error =
                    failure == null ? configuration.trySave(LiveConfiguration.SCSI, objectOf(name, number)) : failure;
            if (error == null) {
                call.answerTrue();
            } else {
                call.fail(error);
            }
        });
    }

    /// What a target is called in [LiveConfiguration].
    static String objectOf(String controller, long number) {
        return controller + "/" + number;
    }

    /// The targets as SPDK describes them.
    static ArrayNode describe(List<ControllerStatus.Target> targets) {
        final ArrayNode answer = Json.array();
        for (final ControllerStatus.Target target : targets) {
            final ObjectNode described = answer.addObject();
            described.put("scsi_dev_num", target.number()).put("id", target.number());
            described.put("target_name", "Target " + target.number());
            described.putArray("luns").addObject().put("id", 0).put("bdev_name", target.volume());
        }
        return answer;
    }

    /// The calls that make a controller and its targets again.
    static List<ConfigEntry> entries(ControllerStatus controller) {
        final ControllerSpec spec = controller.spec();
        final ObjectNode parameters = Json.object();
        parameters.put("ctrlr", spec.name());
        parameters.put("packed_ring", spec.packedRing());
        if (!spec.cpumask().isEmpty()) {
            parameters.put("cpumask", spec.cpumask());
        }
        parameters.put("socket", spec.socket().toString());
        parameters.put("mode", spec.mode().name().toLowerCase(Locale.ROOT));
        if (spec.queueCount() != 0) {
            parameters.put("num_queues", spec.queueCount());
        }
        final List<ConfigEntry> entries = new ArrayList<>();
        entries.add(new ConfigEntry(LiveConfiguration.SCSI, CREATE, parameters));
        for (final ControllerStatus.Target target : controller.targets()) {
            entries.add(new ConfigEntry(
                    LiveConfiguration.SCSI,
                    ADD_TARGET,
                    Json.object()
                            .put("ctrlr", spec.name())
                            .put("scsi_target_num", target.number())
                            .put("bdev_name", target.volume())));
        }
        return entries;
    }
}
