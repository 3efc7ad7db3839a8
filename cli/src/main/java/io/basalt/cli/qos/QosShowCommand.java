package io.basalt.cli.qos;

import io.basalt.cli.ExitCode;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.gate.rpc.RpcClient;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `basalt qos show`: limits, and what they hold back.
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = "Show a volume's limits and what they hold back, or those of all volumes.")
public final class QosShowCommand implements Callable<Integer> {
    @Parameters(index = "0", arity = "0..1", paramLabel = "VOLUME", description = "Its name; all if not given.")
    private @Nullable String name;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        try (RpcClient gate = target.connect(config.load())) {
            if (name == null) {
                output.list(GateVolumes.all(gate), "name", columns(), "this gate serves no volume");
            } else {
                final JsonNode volume = GateVolumes.require(gate, name);
                output.one(volume, name, text(volume, output.style()));
            }
        }
        return ExitCode.OK;
    }

    private static Columns columns() {
        return new Columns()
                .text("VOLUME", "name")
                .text("CLASS", QosTexts::origin)
                .number("IOPS (BURST)", volume -> QosTexts.cell(volume, "rw_ios"))
                .number("BYTES/S (BURST)", volume -> QosTexts.cell(volume, "rw_mbytes"))
                .number("WAITING", "waiting")
                .number("HELD BACK", "throttled")
                .number("MEAN WAIT", QosTexts::meanWait)
                .wide()
                .number("READS", volume -> QosTexts.cell(volume, "r_ios"))
                .number("WRITES", volume -> QosTexts.cell(volume, "w_ios"))
                .number("READ/S", volume -> QosTexts.cell(volume, "r_mbytes"))
                .number("WRITTEN/S", volume -> QosTexts.cell(volume, "w_mbytes"));
    }

    /// A volume's limits for people.
    static String text(JsonNode volume, Style style) {
        final Fields fields = new Fields();
        fields.put("volume", Texts.text(volume, "name"));
        fields.put("class", QosTexts.origin(volume));
        volume.path("limits")
                .properties()
                .forEach(each -> fields.put(QosTexts.kind(each.getKey()), QosTexts.limit(each.getValue())));
        if (!volume.path("limits").isEmpty()) {
            fields.put("unit", volume.path("io_unit_kib").longValue(0) + " KiB a request");
        }
        final long throttled = volume.path("throttled").longValue(0);
        fields.put(
                "held back",
                throttled == 0
                        ? "nothing so far"
                        : throttled + " requests, for " + QosTexts.meanWait(volume) + " each, at most "
                                + QosTexts.ms(
                                        (double) volume.path("wait_max_ns").longValue(0)));
        fields.put("waiting", Texts.text(volume, "waiting"));
        return fields.text(style);
    }
}
