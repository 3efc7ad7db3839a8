package io.basalt.cli.qos;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.OutputOptions;
import io.basalt.gate.rpc.RpcClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt qos set`: limit a volume, at once.
@Command(
        name = "set",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Limit a volume, from now on, also while guests use it.",
            "By a class, whose limits follow the volume's size, or by limits of its own;",
            "of these, what is not given stays what it is."
        },
        footer = {
            "",
            "  basalt qos set vm1 --class ssd",
            "  basalt qos set vm1 --iops 2000 --burst-iops 6000 --burst-seconds 1800",
            "  basalt qos set vm1 --mbps 200 --write-mbps 50",
            "  basalt qos set vm1 --class none"
        })
public final class QosSetCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(names = "--class", paramLabel = "CLASS", description = "ssd, rssd, one of `basalt qos class ls`, or none.")
    private @Nullable String qosClass;

    @ArgGroup(exclusive = false, heading = "%nLimits of its own, 0 for none:%n")
    private Own own = new Own();

    @Option(
            names = "--credit",
            paramLabel = "PERCENT",
            description = "How much of its credit for bursts it has from now on.")
    private @Nullable Integer credit;

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    /// Limits of the volume's own.
    static final class Own {
        @Option(names = "--iops", paramLabel = "N", description = "Requests per second.")
        private @Nullable Long iops;

        @Option(names = "--read-iops", paramLabel = "N", description = "Reads per second.")
        private @Nullable Long readIops;

        @Option(names = "--write-iops", paramLabel = "N", description = "Writes per second.")
        private @Nullable Long writeIops;

        @Option(names = "--mbps", paramLabel = "N", description = "MiB per second.")
        private @Nullable Long mbps;

        @Option(names = "--read-mbps", paramLabel = "N", description = "MiB read per second.")
        private @Nullable Long readMbps;

        @Option(names = "--write-mbps", paramLabel = "N", description = "MiB written per second.")
        private @Nullable Long writeMbps;

        @Option(names = "--burst-iops", paramLabel = "N", description = "Requests per second while there is credit.")
        private @Nullable Long burstIops;

        @Option(names = "--burst-mbps", paramLabel = "N", description = "MiB per second while there is credit.")
        private @Nullable Long burstMbps;

        @Option(
                names = "--burst-seconds",
                paramLabel = "N",
                description = "How long full credit lasts (default: 60). It grows by what is not used.")
        private @Nullable Long burstSeconds;

        @Option(
                names = "--io-unit",
                paramLabel = "KIB",
                description = "A larger request costs as many as it has of these (default: 256).")
        private @Nullable Long ioUnit;

        void fill(ObjectNode parameters) {
            put(parameters, "rw_ios_per_sec", iops);
            put(parameters, "r_ios_per_sec", readIops);
            put(parameters, "w_ios_per_sec", writeIops);
            put(parameters, "rw_mbytes_per_sec", mbps);
            put(parameters, "r_mbytes_per_sec", readMbps);
            put(parameters, "w_mbytes_per_sec", writeMbps);
            put(parameters, "rw_ios_burst_per_sec", burstIops);
            put(parameters, "rw_mbytes_burst_per_sec", burstMbps);
            put(parameters, "burst_seconds", burstSeconds);
            put(parameters, "io_unit_kib", ioUnit);
        }

        private static void put(ObjectNode parameters, String field, @Nullable Long value) {
            if (value != null) {
                parameters.put(field, value);
            }
        }
    }

    @Override
    public Integer call() {
        final ObjectNode limits = JsonNodeFactory.instance.objectNode();
        own.fill(limits);
        if (qosClass != null && !limits.isEmpty()) {
            throw CommandException.usage(
                    "a volume has a class or limits of its own", "give --class, or limits such as --iops");
        }
        if (qosClass == null && limits.isEmpty() && credit == null) {
            throw CommandException.usage("nothing is to be set", "give --class, or limits such as --iops");
        }
        if (credit != null) {
            limits.put("burst_credit_percent", credit);
        }
        try (RpcClient gate = target.connect(config.load())) {
            final JsonNode before = GateVolumes.require(gate, name);
            if (dryRun) {
                output.one(before, name, "would limit " + name + ": " + asked(limits));
                return ExitCode.OK;
            }
            final ObjectNode parameters = JsonNodeFactory.instance.objectNode().put("name", name);
            final String chosen = qosClass == null ? keptClass(before, limits) : qosClass;
            if (chosen.isEmpty()) {
                gate.call("bdev_set_qos_limit", parameters.setAll(limits));
            } else {
                gate.call("bdev_set_qos_class", parameters.put("class", chosen).setAll(limits));
            }
            final JsonNode after = GateVolumes.require(gate, name);
            output.one(after, name, QosShowCommand.text(after, output.style()));
        }
        return ExitCode.OK;
    }

    /// Credit alone leaves a volume its class.
    private static String keptClass(JsonNode before, ObjectNode limits) {
        return limits.size() == 1 && limits.has("burst_credit_percent")
                ? before.path("class").stringValue("")
                : "";
    }

    private String asked(ObjectNode limits) {
        final List<String> words = new ArrayList<>();
        if (qosClass != null) {
            words.add("class " + qosClass);
        }
        limits.properties().forEach(each -> words.add(each.getKey() + " " + each.getValue()));
        return String.join(", ", words);
    }
}
