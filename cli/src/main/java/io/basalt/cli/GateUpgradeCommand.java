package io.basalt.cli;

import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.gate.rpc.RpcClient;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt gate upgrade`: another process becomes the gate, under running guests.
@Command(
        name = "upgrade",
        mixinStandardHelpOptions = true,
        description = {
            "Replace the running gate's process by a new one, without its guests noticing.",
            "The new process is started by the old one, with the same options and the software that is installed now."
                    + " It gets ready while the old one serves; then each disk pauses for some milliseconds. If anything"
                    + " goes wrong before the end, the old process serves on.",
        })
final class GateUpgradeCommand implements Callable<Integer> {
    private static final double MS_US = 1000;

    @Option(
            names = "--binary",
            paramLabel = "PATH",
            description = "Program to start instead, such as another version's basalt.")
    private @Nullable Path binary;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        final ObjectNode parameters = JsonNodeFactory.instance.objectNode();
        if (binary != null) {
            parameters.put("binary", binary.toAbsolutePath().toString());
        }
        try (RpcClient client = target.connect(config.load())) {
            final JsonNode answer = client.call("gate_handover", parameters);
            final PrintWriter out = Objects.requireNonNull(spec, "the command line parser sets it")
                    .commandLine()
                    .getOut();
            for (final JsonNode disk : answer.path("disks")) {
                final List<String> names = new ArrayList<>();
                disk.path("controllers").forEach(name -> names.add(name.stringValue()));
                out.println(String.format(
                        Locale.ROOT,
                        "%s paused for %.1f ms",
                        String.join(", ", names),
                        disk.path("pause_us").longValue() / MS_US));
            }
            out.println("the gate is now process " + answer.path("process_id").longValue());
            out.flush();
        }
        return ExitCode.OK;
    }
}
