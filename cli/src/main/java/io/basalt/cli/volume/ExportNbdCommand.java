package io.basalt.cli.volume;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.OutputOptions;
import io.basalt.gate.rpc.RpcClient;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt export-nbd`: have a gate show a volume to NBD clients.
@Command(
        name = "export-nbd",
        mixinStandardHelpOptions = true,
        description = {
            "Show a volume to NBD clients of this host: qemu-img, nbdcopy, fio, a hypervisor.",
            "The volume is one of this host's gate, or is attached from the cluster. -o name prints the URI.",
        })
public final class ExportNbdCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(names = "--socket", paramLabel = "PATH", description = "Unix socket (default: nbd.sock beside the others).")
    private @Nullable Path socket;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Listen with TCP instead; without encryption, so on an address that only friends reach.")
    private @Nullable String listen;

    @Option(names = "--read-only", description = "Clients may not write.")
    private boolean readOnly;

    @Option(names = "--stop", description = "Show it no longer; clients are answered and hung up on.")
    private boolean stop;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        if (socket != null && listen != null) {
            throw CommandException.usage("--socket and --listen exclude each other", "give one of them");
        }
        try (RpcClient gate = target.connect(cluster.configuration())) {
            return stop ? stop(gate) : export(gate);
        }
    }

    private int export(RpcClient gate) {
        final boolean attached = !isThere(gate);
        if (attached) {
            gate.call("bdev_basalt_create", object().put("name", name).put("volume", name));
        }
        final ObjectNode wish =
                object().put("bdev_name", name).put("name", name).put("readonly", readOnly);
        if (listen != null) {
            wish.put("listen", listen);
        } else if (socket != null) {
            wish.put("socket", socket.toAbsolutePath().toString());
        }
        final JsonNode made;
        try {
            made = gate.call("nbd_export_create", wish);
        } catch (RuntimeException refused) {
            if (attached) {
                gate.call("bdev_basalt_delete", object().put("name", name));
            }
            throw refused;
        }
        final String uri = made.path("uri").stringValue("");
        output.one(made, uri, "exported " + name + (readOnly ? ", read only" : "") + System.lineSeparator() + uri);
        return ExitCode.OK;
    }

    private int stop(RpcClient gate) {
        gate.call("nbd_export_delete", object().put("name", name));
        output.one(object().put("name", name), name, "no longer exported: " + name);
        return ExitCode.OK;
    }

    private boolean isThere(RpcClient gate) {
        for (final JsonNode device : gate.call("bdev_get_bdevs", null)) {
            if (device.path("name").stringValue("").equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
