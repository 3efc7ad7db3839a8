package io.basalt.cli.qos;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.OutputOptions;
import io.basalt.gate.rpc.RpcClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt qos class`: formulas for limits by a volume's size.
@Command(
        name = "class",
        mixinStandardHelpOptions = true,
        description = "Classes of limits: so much for each GiB of a volume on top of a base, up to a most.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QosClassCommand.Ls.class, QosClassCommand.Put.class, QosClassCommand.Rm.class})
public final class QosClassCommand {
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    /// What the three have in common.
    abstract static class OnGate implements Callable<Integer> {
        @Mixin
        private GateTarget target = new GateTarget();

        @Mixin
        private ConfigOptions config = new ConfigOptions();

        @Mixin
        private OutputOptions output = new OutputOptions();

        OutputOptions output() {
            return output;
        }

        @Override
        public Integer call() {
            try (RpcClient gate = target.connect(config.load())) {
                run(gate);
            }
            return ExitCode.OK;
        }

        abstract void run(RpcClient gate);
    }

    private static String ios(JsonNode each) {
        final long most = each.path("ios_max").longValue(0);
        return each.path("ios_base").longValue(0) + " + "
                + each.path("ios_per_gib").longValue(0) + "/GiB" + (most == 0 ? "" : ", at most " + most);
    }

    private static String bytes(JsonNode each) {
        final long most = each.path("mbytes_max").longValue(0);
        return ByteSize.text(each.path("mbytes_base").longValue(0) * MIB) + " + "
                + ByteSize.text(each.path("kbytes_per_gib").longValue(0) * KIB) + "/GiB"
                + (most == 0 ? "" : ", at most " + ByteSize.text(most * MIB));
    }

    private static String burst(JsonNode each) {
        final long percent = each.path("burst_percent").longValue(100);
        return percent == 100
                ? "-"
                : percent + " % for " + each.path("burst_seconds").longValue(0) + " s";
    }

    /// `basalt qos class ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List the classes.")
    static final class Ls extends OnGate {
        @Override
        void run(RpcClient gate) {
            final List<JsonNode> classes = new ArrayList<>();
            gate.call("bdev_qos_get_classes", null).forEach(classes::add);
            output().list(
                            classes,
                            "class",
                            new Columns()
                                    .text("CLASS", "class")
                                    .text("IOPS", QosClassCommand::ios)
                                    .text("BYTES/S", QosClassCommand::bytes)
                                    .text("BURST", QosClassCommand::burst)
                                    .number("VOLUMES", "volumes")
                                    .wide()
                                    .number("UNIT KIB", "io_unit_kib")
                                    .text("BUILT IN", "built_in"),
                            "there are no classes");
        }
    }

    /// `basalt qos class set`.
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Make a class, or change one: the volumes that have it follow at once.",
            footer = {"", "  basalt qos class set gold --iops 3000 --iops-per-gib 60 --iops-max 100000 --mbps 250"})
    static final class Put extends OnGate {
        @Parameters(index = "0", paramLabel = "CLASS", description = "Its name.")
        private String name = "";

        @Option(names = "--iops", paramLabel = "N", description = "Requests per second of a volume without size.")
        private long iops;

        @Option(names = "--iops-per-gib", paramLabel = "N", description = "More for each GiB.")
        private long iopsPerGib;

        @Option(names = "--iops-max", paramLabel = "N", description = "Never more (default: no bound).")
        private long iopsMax;

        @Option(names = "--mbps", paramLabel = "N", description = "MiB per second of a volume without size.")
        private long mbps;

        @Option(names = "--kbps-per-gib", paramLabel = "N", description = "KiB per second more for each GiB.")
        private long kbpsPerGib;

        @Option(names = "--mbps-max", paramLabel = "N", description = "Never more (default: no bound).")
        private long mbpsMax;

        @Option(
                names = "--burst-percent",
                paramLabel = "N",
                description = "The burst rate in percent of the limit (default: 100, no bursts).")
        private int burstPercent = 100;

        @Option(names = "--burst-seconds", paramLabel = "N", description = "How long full credit lasts (default: 60).")
        private long burstSeconds = 60;

        @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
        private boolean dryRun;

        @Override
        void run(RpcClient gate) {
            final ObjectNode made = JsonNodeFactory.instance.objectNode().put("class", name);
            made.put("ios_base", iops).put("ios_per_gib", iopsPerGib).put("ios_max", iopsMax);
            made.put("mbytes_base", mbps).put("kbytes_per_gib", kbpsPerGib).put("mbytes_max", mbpsMax);
            made.put("burst_percent", burstPercent).put("burst_seconds", burstPercent == 100 ? 0 : burstSeconds);
            if (!dryRun) {
                gate.call("bdev_qos_create_class", made);
            }
            output().one(
                            made,
                            name,
                            (dryRun ? "would make class " : "class ") + name + ": " + ios(made) + "; " + bytes(made));
        }
    }

    /// `basalt qos class rm`.
    @Command(name = "rm", mixinStandardHelpOptions = true, description = "Remove a class that no volume has.")
    static final class Rm extends OnGate {
        @Parameters(index = "0", paramLabel = "CLASS", description = "Its name.")
        private String name = "";

        @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
        private boolean dryRun;

        @Override
        void run(RpcClient gate) {
            final ObjectNode named = JsonNodeFactory.instance.objectNode().put("class", name);
            if (!dryRun) {
                gate.call("bdev_qos_delete_class", named);
            }
            output().one(named, name, (dryRun ? "would remove class " : "removed class ") + name);
        }
    }
}
