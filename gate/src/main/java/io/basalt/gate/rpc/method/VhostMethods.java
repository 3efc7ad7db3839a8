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
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.volume.VolumeRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Controllers: `vhost_create_blk_controller`, `vhost_delete_controller`, `vhost_get_controllers`,
/// `vhost_controller_set_coalescing`.
///
/// Idempotent: making a controller again with the same parameters succeeds, deleting one that is not there too.
final class VhostMethods {
    private static final String TRANSPORT = "vhost_user_blk";
    private static final int SOCKET_PATH_BYTES_MAX = 107;
    private static final int NAME_LENGTH_MAX = 96;
    private static final int QUEUES_MAX = 256;
    private static final int DELAY_US_MAX = 1_000_000;
    private static final int THRESHOLD_MIN = 100;

    /// Coalescing that a controller has unless it is changed: none.
    private static final int DELAY_DEFAULT = 0;

    private final VolumeRegistry volumes;
    private final ControllerHost controllers;
    private final LiveConfiguration configuration;
    private final Path socketDirectory;

    VhostMethods(
            VolumeRegistry volumes, ControllerHost controllers, LiveConfiguration configuration, Path socketDirectory) {
        this.volumes = volumes;
        this.controllers = controllers;
        this.configuration = configuration;
        this.socketDirectory = socketDirectory;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "vhost_create_blk_controller",
                "Serve a volume to a virtual machine on a Unix socket",
                List.of(
                        name("ctrlr").must(),
                        VolumeMethods.name("dev_name"),
                        flag("readonly", "the guest may not write"),
                        flag("packed_ring", "offer the packed ring"),
                        text("cpumask", "processors of the reactors to use: 0x3 or [0,1]"),
                        word("transport", List.of(TRANSPORT), "only " + TRANSPORT),
                        text("socket", "absolute path of the socket; <socket directory>/<ctrlr> if not given"),
                        word("mode", List.of("server", "client"), "who listens: the gate (server) or QEMU (client)"),
                        integer("num_queues", 1, QUEUES_MAX, "queues offered; the gate chooses if not given")),
                this::create));
        dispatcher.register(RpcMethod.deferring(
                "vhost_delete_controller",
                "Let a controller's requests finish and remove it; true too if there is none",
                List.of(name("ctrlr").must()),
                this::delete));
        dispatcher.register(RpcMethod.of(
                "vhost_get_controllers", "Describe one controller or all", List.of(name("name")), this::describe));
        dispatcher.register(RpcMethod.of(
                "vhost_controller_set_coalescing",
                "Call a busy guest less often",
                List.of(
                        name("ctrlr").must(),
                        integer("delay_base_us", 0, DELAY_US_MAX, "longest delay in microseconds; 0 for none")
                                .must(),
                        integer("iops_threshold", THRESHOLD_MIN, Integer.MAX_VALUE, "requests per second without delay")
                                .must()),
                this::coalesce));
        dispatcher.register(RpcMethod.of(
                "vhost_controller_set_writeback",
                "Tell a guest that its disk has a write cache, or that every write is durable when it completes",
                List.of(
                        name("ctrlr").must(),
                        flag("writeback", "true: the guest flushes; false: each write is flushed for it")
                                .must()),
                this::writeback));
        dispatcher.register(RpcMethod.of(
                "virtio_blk_get_transports",
                "List the transports",
                List.of(text("name", "only this one")),
                _ -> Json.array().add(Json.object().put("name", TRANSPORT))));
    }

    static RpcParameter name(String parameter) {
        return new RpcParameter(
                parameter, RpcParameter.Type.STRING, false, 1, NAME_LENGTH_MAX, List.of(), "name of the controller");
    }

    private JsonNode create(RpcCall call) {
        final ControllerSpec spec = spec(call);
        make(spec);
        configuration.changed(LiveConfiguration.VHOST, spec.name());
        return Json.truth(true);
    }

    /// Make a controller, or find that there is the same.
    void make(ControllerSpec spec) {
        final ControllerStatus present = controllers.find(spec.name());
        if (present == null) {
            controllers.create(spec);
        } else if (!present.spec().equals(spec)) {
            throw RpcError.exists(
                    "ctrlr",
                    "there is a controller '" + spec.name() + "' with other parameters: " + present.spec(),
                    "delete it first, choose another name, or repeat its parameters exactly");
        }
    }

    /// The name that a controller is to have.
    String checkedName(RpcCall call) {
        final String name = call.text("ctrlr");
        if (name.indexOf('/') >= 0 || name.equals(".") || name.equals("..")) {
            throw RpcError.invalidParameter(
                    "ctrlr", "'" + name + "' cannot be a file's name", "leave out '/'; give a path as 'socket'");
        }
        return name;
    }

    private ControllerSpec spec(RpcCall call) {
        final String name = checkedName(call);
        return new ControllerSpec(
                name,
                volumes.require("dev_name", call.text("dev_name")).name(),
                socket(call, name),
                ControllerSpec.Mode.valueOf(call.text("mode", "server").toUpperCase(Locale.ROOT)),
                call.flag("readonly", false),
                call.flag("packed_ring", false),
                call.has("cpumask") ? CpuMask.canonical("cpumask", call.text("cpumask")) : "",
                (int) call.integer("num_queues", 0));
    }

    Path socket(RpcCall call, String name) {
        final Path socket = call.has("socket")
                ? VolumeMethods.path("socket", call.text("socket"))
                : VolumeMethods.path("ctrlr", socketDirectory + "/" + name);
        final int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SOCKET_PATH_BYTES_MAX) {
            throw RpcError.invalidParameter(
                    call.has("socket") ? "socket" : "ctrlr",
                    "the socket's path " + socket + " has " + bytes + " bytes, " + SOCKET_PATH_BYTES_MAX + " fit",
                    "choose a shorter one");
        }
        return socket;
    }

    private void delete(RpcCall call) {
        final String name = call.text("ctrlr");
        final ControllerStatus present = controllers.find(name);
        final String subsystem = present == null ? LiveConfiguration.VHOST : subsystem(present.spec());
        controllers.delete(name, failure -> {
            final RpcError error = failure == null ? configuration.trySave(subsystem, name) : failure;
            if (error == null) {
                call.answerTrue();
            } else {
                call.fail(error);
            }
        });
    }

    ControllerStatus require(String field, String name) {
        final ControllerStatus controller = controllers.find(name);
        if (controller == null) {
            throw new RpcError(
                    RpcError.INTERNAL_ERROR,
                    "No such device",
                    field,
                    "there is no controller '" + name + "'",
                    "vhost_get_controllers lists the controllers there are");
        }
        return controller;
    }

    private static String subsystem(ControllerSpec spec) {
        return spec.kind() == ControllerSpec.Kind.SCSI ? LiveConfiguration.SCSI : LiveConfiguration.VHOST;
    }

    private JsonNode writeback(RpcCall call) {
        final String name = call.text("ctrlr");
        if (require("ctrlr", name).spec().kind() == ControllerSpec.Kind.SCSI) {
            throw RpcError.unsupported(
                    "ctrlr", "the cache of a SCSI controller's units is not switched", "flush in the guest");
        }
        controllers.writeback(name, call.flag("writeback", true));
        configuration.changed(LiveConfiguration.VHOST, name);
        return Json.truth(true);
    }

    private JsonNode coalesce(RpcCall call) {
        final String name = call.text("ctrlr");
        require("ctrlr", name);
        controllers.coalescing(name, (int) call.integer("delay_base_us"), (int) call.integer("iops_threshold"));
        configuration.changed(LiveConfiguration.VHOST, name);
        return Json.truth(true);
    }

    private JsonNode describe(RpcCall call) {
        final ArrayNode answer = Json.array();
        if (call.has("name")) {
            answer.add(describe(require("name", call.text("name"))));
        } else {
            controllers.list().forEach(controller -> answer.add(describe(controller)));
        }
        return answer;
    }

    private static ObjectNode describe(ControllerStatus controller) {
        final ControllerSpec spec = controller.spec();
        final ObjectNode answer = Json.object();
        answer.put("ctrlr", spec.name()).put("cpumask", controller.cpumask());
        answer.put("delay_base_us", controller.delayBaseUs()).put("iops_threshold", controller.iopsThreshold());
        answer.put("socket", spec.socket().toString());
        final ArrayNode sessions = answer.putArray("sessions");
        controller.sessions().forEach(session -> sessions.add(describe(spec, controller, session)));
        final ObjectNode specific = answer.putObject("backend_specific");
        if (spec.kind() == ControllerSpec.Kind.SCSI) {
            specific.set("scsi", ScsiMethods.describe(controller.targets()));
        } else {
            specific.putObject("block")
                    .put("readonly", spec.readOnly())
                    .put("bdev", spec.volume())
                    .put("transport", TRANSPORT);
        }
        answer.put("mode", spec.mode().name().toLowerCase(Locale.ROOT));
        answer.put("writeback", controller.writeback());
        answer.put("packed_ring", spec.packedRing()).put("num_queues", controller.queueCount());
        return answer;
    }

    private static ObjectNode describe(
            ControllerSpec spec, ControllerStatus controller, ControllerStatus.Session session) {
        final ObjectNode answer = Json.object();
        answer.put("vid", session.id()).put("id", session.id());
        answer.put("name", spec.name() + "s" + session.id());
        answer.put("started", session.started()).put("max_queues", controller.queueCount());
        answer.put(
                "inflight_task_cnt",
                session.queues().stream()
                        .mapToInt(ControllerStatus.Queue::inFlight)
                        .sum());
        answer.put("state", session.state());
        answer.put("virtio_features", "0x" + Long.toHexString(session.virtioFeatures()));
        answer.put("protocol_features", "0x" + Long.toHexString(session.protocolFeatures()));
        final ArrayNode queues = answer.putArray("queues");
        for (final ControllerStatus.Queue queue : session.queues()) {
            final ObjectNode target = queues.addObject();
            target.put("index", queue.index()).put("state", queue.state()).put("lcore", queue.reactor());
            target.put("size", queue.size()).put("in_flight", queue.inFlight()).put("requests", queue.requests());
            target.put("resubmitted", queue.resubmitted()).put("moves", queue.moves());
            if (!queue.fault().isEmpty()) {
                target.put("fault", queue.fault());
            }
        }
        return answer;
    }

    /// The calls that make a controller again.
    static List<ConfigEntry> entries(ControllerStatus controller) {
        final ControllerSpec spec = controller.spec();
        if (spec.kind() == ControllerSpec.Kind.SCSI) {
            return ScsiMethods.entries(controller);
        }
        final ObjectNode parameters = Json.object();
        parameters.put("ctrlr", spec.name()).put("dev_name", spec.volume());
        parameters.put("readonly", spec.readOnly()).put("packed_ring", spec.packedRing());
        if (!spec.cpumask().isEmpty()) {
            parameters.put("cpumask", spec.cpumask());
        }
        parameters.put("transport", TRANSPORT).put("socket", spec.socket().toString());
        parameters.put("mode", spec.mode().name().toLowerCase(Locale.ROOT));
        if (spec.queueCount() != 0) {
            parameters.put("num_queues", spec.queueCount());
        }
        final List<ConfigEntry> entries = new ArrayList<>();
        entries.add(new ConfigEntry(LiveConfiguration.VHOST, "vhost_create_blk_controller", parameters));
        if (controller.delayBaseUs() != DELAY_DEFAULT) {
            entries.add(new ConfigEntry(
                    LiveConfiguration.VHOST,
                    "vhost_controller_set_coalescing",
                    Json.object()
                            .put("ctrlr", spec.name())
                            .put("delay_base_us", controller.delayBaseUs())
                            .put("iops_threshold", controller.iopsThreshold())));
        }
        if (!controller.writeback()) {
            entries.add(new ConfigEntry(
                    LiveConfiguration.VHOST,
                    "vhost_controller_set_writeback",
                    Json.object().put("ctrlr", spec.name()).put("writeback", false)));
        }
        return entries;
    }
}
