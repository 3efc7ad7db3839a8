package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.array;
import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.text;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.config.GateState;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The configuration as a whole: `save_config`, `load_config`, `framework_get_subsystems`, `framework_get_config`,
/// and what of the state file failed.
final class ConfigurationMethods {
    private static final Set<String> LOADABLE = Set.of(
            ChosenSettings.SET_IDLE,
            ChosenSettings.SET_LEVEL,
            "bdev_null_create",
            "bdev_malloc_create",
            "bdev_uring_create",
            "bdev_aio_create",
            "bdev_basalt_create",
            "bdev_error_create",
            "bdev_delay_create",
            QosCalls.CREATE_CLASS,
            QosCalls.SET_CLASS,
            QosCalls.SET_LIMIT,
            "vhost_create_blk_controller",
            ScsiMethods.CREATE,
            ScsiMethods.ADD_TARGET,
            "nbd_export_create",
            "vhost_controller_set_coalescing");
    private static final Set<String> SUBSYSTEMS =
            Set.of("framework", "bdev", "vhost", "vhost_blk", "vhost_scsi", "nbd");

    private final LiveConfiguration configuration;
    private final RpcDispatcher dispatcher;

    ConfigurationMethods(LiveConfiguration configuration, RpcDispatcher dispatcher) {
        this.configuration = configuration;
        this.dispatcher = dispatcher;
    }

    void register() {
        dispatcher.register(RpcMethod.of(
                "save_config",
                "Tell the configuration, as load_config takes it",
                List.of(),
                _ -> GateState.configurationOf(configuration.entries())));
        dispatcher.register(RpcMethod.of(
                "load_config",
                "Make what a configuration says, in addition to what there is",
                List.of(array("subsystems", "SPDK's configuration").must()),
                this::load));
        dispatcher.register(
                RpcMethod.of("framework_get_subsystems", "List the subsystems", List.of(), _ -> subsystems()));
        dispatcher.register(RpcMethod.of(
                "framework_get_config",
                "Tell the configuration of a subsystem",
                List.of(text("name", "name of the subsystem").must(), flag("with_batches", "accepted")),
                this::configurationOf));
        dispatcher.register(RpcMethod.of(
                "gate_get_unapplied",
                "List the calls of the state file that failed and are tried again",
                List.of(),
                _ -> unapplied()));
    }

    private static JsonNode subsystems() {
        final ArrayNode answer = Json.array();
        answer.addObject().put("subsystem", LiveConfiguration.FRAMEWORK).putArray("depends_on");
        answer.addObject().put("subsystem", LiveConfiguration.BDEV).putArray("depends_on");
        answer.addObject()
                .put("subsystem", LiveConfiguration.VHOST)
                .putArray("depends_on")
                .add(LiveConfiguration.BDEV);
        answer.addObject()
                .put("subsystem", LiveConfiguration.SCSI)
                .putArray("depends_on")
                .add(LiveConfiguration.BDEV);
        answer.addObject()
                .put("subsystem", LiveConfiguration.NBD)
                .putArray("depends_on")
                .add(LiveConfiguration.BDEV);
        return answer;
    }

    private JsonNode configurationOf(RpcCall call) {
        final String name = call.text("name");
        if (!SUBSYSTEMS.contains(name)) {
            throw RpcError.invalidParameter(
                    "name", "there is no subsystem '" + name + "'", "framework_get_subsystems lists them");
        }
        final String wanted = name.equals("vhost") ? LiveConfiguration.VHOST : name;
        final ArrayNode answer = Json.array();
        for (final ConfigEntry entry : configuration.entries()) {
            if (entry.subsystem().equals(wanted)) {
                answer.addObject().put("method", entry.method()).set("params", entry.parameters());
            }
        }
        return answer;
    }

    private JsonNode unapplied() {
        final ArrayNode answer = Json.array();
        for (final LiveConfiguration.Unapplied failed : configuration.unapplied()) {
            final ObjectNode target = answer.addObject();
            target.put("method", failed.entry().method());
            target.set("params", failed.entry().parameters());
            target.set("error", failed.reason().toJson());
        }
        return answer;
    }

    /// Calls that SPDK's configurations hold and that set up nothing here are skipped and named in the answer.
    private JsonNode load(RpcCall call) {
        final List<ConfigEntry> entries;
        try {
            entries = GateState.entriesOf(call.parameters());
        } catch (IllegalArgumentException e) {
            throw RpcError.invalidParameter(
                    "subsystems", String.valueOf(e.getMessage()), "pass what save_config answered");
        }
        final ArrayNode skipped = Json.array();
        int applied = 0;
        RpcError failure = null;
        for (final ConfigEntry entry : entries) {
            if (!LOADABLE.contains(entry.method())) {
                skipped.add(entry.method());
                continue;
            }
            failure = failureOf(entry);
            if (failure != null) {
                break;
            }
            applied++;
        }
        final RpcError unsaved = configuration.save();
        if (failure != null) {
            throw failure;
        }
        if (unsaved != null) {
            throw unsaved;
        }
        final ObjectNode answer = Json.object();
        answer.put("applied", applied).set("skipped", skipped);
        return answer;
    }

    private @Nullable RpcError failureOf(ConfigEntry entry) {
        final List<RpcResult> results = new ArrayList<>();
        configuration.replay(entry, results::add);
        if (results.isEmpty()) {
            // A volume of the cluster whose size was not given: it is there when the metaserver has answered.
            return null;
        }
        final RpcError error = results.getFirst().error();
        if (error == null) {
            return null;
        }
        return new RpcError(
                error.code(),
                error.summary(),
                error.field(),
                "in " + entry.method() + " " + entry.parameters() + ": " + error.reason(),
                error.hint().isEmpty()
                        ? "what came before it was made"
                        : error.hint() + "; what came before it was made");
    }
}
