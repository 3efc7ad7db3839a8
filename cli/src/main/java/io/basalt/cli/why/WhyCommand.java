package io.basalt.cli.why;

import io.basalt.cli.ExitCode;
import io.basalt.cli.Seconds;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.qos.GateVolumes;
import io.basalt.gate.rpc.RpcClient;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt why`: where the time of a volume's requests goes.
@Command(
        name = "why",
        mixinStandardHelpOptions = true,
        description = {
            "Say where the time of a volume's reads and writes goes. Stage by stage from the driver's ring to the last copy,"
                    + " which one costs most, and what to do about it.",
            "SHARE is what would be won if the stage took no time; copies work beside the device, so their times are"
                    + " longer than their shares.",
        },
        footer = {"", "  basalt why demo", "  basalt why demo --for 30s", "  basalt why demo --always -o json"})
public final class WhyCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name at the gate.")
    private String name = "";

    @Option(
            names = "--for",
            paramLabel = "TIME",
            defaultValue = "3s",
            description = "How long to look (default: ${DEFAULT-VALUE}).")
    private Seconds time = new Seconds(0);

    @Option(names = "--always", description = "Tell of all the time since the volume was opened, at once.")
    private boolean always;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        if (time.ns() <= 0) {
            throw new IllegalArgumentException("--for must be more than 0");
        }
        try (RpcClient gate = target.connect(config.load())) {
            final JsonNode known = GateVolumes.require(gate, name);
            Look look = Look.of(ask(gate, known));
            if (!always) {
                LockSupport.parkNanos(time.ns());
                look = Look.of(ask(gate, known)).since(look);
            }
            final WhyReport report = new WhyReport(name, look);
            output.one(report.document(), name, report.text(output.style()));
        }
        return ExitCode.OK;
    }

    private static JsonNode ask(RpcClient gate, JsonNode volume) {
        return gate.call(
                "bdev_get_latency_breakdown",
                JsonNodeFactory.instance
                        .objectNode()
                        .put("name", volume.path("name").stringValue("")));
    }
}
