package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.text;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.rpc.ExportHost;
import io.basalt.gate.rpc.ExportSpec;
import io.basalt.gate.rpc.ExportStatus;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.net.NodeAddress;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// NBD exports: `nbd_export_create`, `nbd_export_delete`, `nbd_get_exports`.
///
/// Idempotent: making an export again with the same parameters succeeds, deleting one that is not there
/// too.
final class NbdMethods {
    /// The socket of exports that are given none.
    private static final String SOCKET_DEFAULT = "nbd.sock";

    private static final int SOCKET_PATH_BYTES_MAX = 107;
    private static final int NAME_LENGTH_MAX = 255;
    private static final int PORT_MAX = 0xffff;

    private final VolumeRegistry volumes;
    private final ExportHost exports;
    private final LiveConfiguration configuration;
    private final Path socketDirectory;

    NbdMethods(VolumeRegistry volumes, ExportHost exports, LiveConfiguration configuration, Path socketDirectory) {
        this.volumes = volumes;
        this.exports = exports;
        this.configuration = configuration;
        this.socketDirectory = socketDirectory;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "nbd_export_create",
                "Show a volume to NBD clients on a Unix socket or an address",
                List.of(
                        VolumeMethods.name("bdev_name"),
                        name("name"),
                        text("socket", "absolute path of the socket; <socket directory>/nbd.sock if not given"),
                        text("listen", "address and port to listen on with TCP instead: 127.0.0.1:10809"),
                        flag("readonly", "clients may not write"),
                        text("description", "for people")),
                this::create));
        dispatcher.register(RpcMethod.deferring(
                "nbd_export_delete",
                "Answer an export's clients, hang up and remove it; true too if there is none",
                List.of(name("name").must()),
                this::delete));
        dispatcher.register(
                RpcMethod.of("nbd_get_exports", "Describe one export or all", List.of(name("name")), this::describe));
    }

    private static RpcParameter name(String parameter) {
        return new RpcParameter(
                parameter,
                RpcParameter.Type.STRING,
                false,
                1,
                NAME_LENGTH_MAX,
                List.of(),
                "name by which clients ask for the export; the volume's if not given");
    }

    private JsonNode create(RpcCall call) {
        final ExportSpec spec = spec(call);
        final ExportStatus present = exports.find(spec.name());
        if (present == null) {
            exports.create(spec);
        } else if (!present.spec().equals(spec)) {
            throw RpcError.exists(
                    "name",
                    "there is an export '" + spec.name() + "' with other parameters: " + present.spec(),
                    "delete it first, choose another name, or repeat its parameters exactly");
        }
        configuration.changed(LiveConfiguration.NBD, spec.name());
        return Json.object().put("name", spec.name()).put("uri", uri(spec));
    }

    private ExportSpec spec(RpcCall call) {
        final String volume =
                volumes.require("bdev_name", call.text("bdev_name")).name();
        final @Nullable NodeAddress address = call.has("listen") ? address(call.text("listen")) : null;
        if (address != null && call.has("socket")) {
            throw RpcError.invalidParameter("socket", "is given together with listen", "give one of them");
        }
        return new ExportSpec(
                call.text("name", volume),
                volume,
                address == null ? socket(call) : null,
                address,
                call.flag("readonly", false),
                call.text("description", ""));
    }

    private Path socket(RpcCall call) {
        final Path socket = call.has("socket")
                ? VolumeMethods.path("socket", call.text("socket"))
                : VolumeMethods.path("socket", socketDirectory + "/" + SOCKET_DEFAULT);
        final int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SOCKET_PATH_BYTES_MAX) {
            throw RpcError.invalidParameter(
                    "socket",
                    "the path " + socket + " has " + bytes + " bytes, " + SOCKET_PATH_BYTES_MAX + " fit",
                    "choose a shorter one");
        }
        return socket;
    }

    private static NodeAddress address(String text) {
        final int colon = text.lastIndexOf(':');
        try {
            final String host = text.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", "");
            final int port = Integer.parseInt(text.substring(colon + 1));
            if (port < 1 || port > PORT_MAX) {
                throw new IllegalArgumentException("port " + port);
            }
            return new NodeAddress(InetAddress.ofLiteral(host).getHostAddress(), port);
        } catch (IllegalArgumentException malformed) {
            throw RpcError.invalidParameter(
                    "listen", "'" + text + "' is no address and port", "write it as 127.0.0.1:10809 or [::1]:10809");
        }
    }

    private void delete(RpcCall call) {
        final String name = call.text("name");
        exports.delete(name, () -> {
            final RpcError error = configuration.trySave(LiveConfiguration.NBD, name);
            if (error == null) {
                call.answerTrue();
            } else {
                call.fail(error);
            }
        });
    }

    private JsonNode describe(RpcCall call) {
        final ArrayNode answer = Json.array();
        if (!call.has("name")) {
            exports.list().forEach(export -> answer.add(describe(export)));
            return answer;
        }
        final ExportStatus export = exports.find(call.text("name"));
        if (export == null) {
            throw RpcError.noDevice(
                    "name", "there is no export '" + call.text("name") + "'", "nbd_get_exports lists those there are");
        }
        return answer.add(describe(export));
    }

    private static ObjectNode describe(ExportStatus export) {
        final ExportSpec spec = export.spec();
        final ObjectNode answer = parameters(spec);
        answer.put("size", export.sizeBytes()).put("uri", uri(spec));
        final ArrayNode connections = answer.putArray("connections");
        for (final ExportStatus.Connection connection : export.connections()) {
            connections
                    .addObject()
                    .put("peer", connection.peer())
                    .put("replies", connection.style().toLowerCase(java.util.Locale.ROOT))
                    .put("lcore", connection.reactor())
                    .put("requests", connection.requests());
        }
        return answer;
    }

    /// What clients are to be given.
    private static String uri(ExportSpec spec) {
        return spec.address() == null
                ? "nbd+unix:///" + spec.name() + "?socket=" + spec.socket()
                : "nbd://" + spec.address() + "/" + spec.name();
    }

    private static ObjectNode parameters(ExportSpec spec) {
        final ObjectNode parameters = Json.object();
        parameters.put("bdev_name", spec.volume()).put("name", spec.name());
        parameters.put(spec.address() == null ? "socket" : "listen", spec.place());
        parameters.put("readonly", spec.readOnly());
        if (!spec.description().isEmpty()) {
            parameters.put("description", spec.description());
        }
        return parameters;
    }

    /// The call that makes an export again.
    static ConfigEntry entry(ExportStatus export) {
        return new ConfigEntry(LiveConfiguration.NBD, "nbd_export_create", parameters(export.spec()));
    }
}
