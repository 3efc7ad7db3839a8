package io.basalt.cli.tool;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.Seconds;
import io.basalt.cli.output.OutputOptions;
import io.basalt.placement.Durability;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.PlacementSimulation;
import io.basalt.placement.SimulationOptions;
import io.basalt.placement.SimulationReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `basalt placement`: the routing rule without a cluster.
@Command(
        name = "placement",
        mixinStandardHelpOptions = true,
        description = "What a topology is worth before it is bought.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = PlacementCommand.Simulate.class)
public final class PlacementCommand {
    /// `basalt placement simulate`.
    @Command(
            name = "simulate",
            mixinStandardHelpOptions = true,
            showDefaultValues = true,
            description = "Calculate balance, movement and durability of a set with the rule that clusters use.",
            footer = {"", "  basalt placement simulate --racks 8 --hosts 4 --devices 12 --device-size 8T"})
    static final class Simulate implements Callable<Integer> {
        private static final JsonMapper JSON = new JsonMapper();
        private static final double PERCENT = 100;

        @Option(names = "--rooms", paramLabel = "N", defaultValue = "1", description = "Rooms.")
        private int rooms;

        @Option(names = "--racks", paramLabel = "N", defaultValue = "50", description = "Racks in each room.")
        private int racks;

        @Option(names = "--hosts", paramLabel = "N", defaultValue = "5", description = "Hosts in each rack.")
        private int hosts;

        @Option(names = "--devices", paramLabel = "N", defaultValue = "4", description = "Devices in each host.")
        private int devices;

        @Option(names = "--unequal", description = "Hosts with devices of 1, 2, 4 or 8 TiB, by lot.")
        private boolean unequal;

        @Option(names = "--pgs-per-device", paramLabel = "N", defaultValue = "100", description = "Copies on a device.")
        private int copiesPerDevice;

        @Option(names = "--copies", paramLabel = "N", defaultValue = "3", description = "Copies of each group.")
        private int copies;

        @Option(
                names = "--failure-domain",
                paramLabel = "WHAT",
                defaultValue = "rack",
                description = "No two copies share one: ${COMPLETION-CANDIDATES}.")
        private FailureDomain failureDomain = FailureDomain.RACK;

        @Option(names = "--add", paramLabel = "PERCENT", defaultValue = "10", description = "Weight to add.")
        private double add;

        @Option(names = "--limit", paramLabel = "RATIO", defaultValue = "1.05", description = "Fullest device to mean.")
        private double limit;

        @Option(names = "--afr", paramLabel = "PERCENT", defaultValue = "1", description = "Devices lost in a year.")
        private double failureRate;

        @Option(names = "--device-size", paramLabel = "SIZE", defaultValue = "4T", description = "Stored on a device.")
        private ByteSize deviceSize = new ByteSize(0);

        @Option(names = "--repair-rate", paramLabel = "SIZE", defaultValue = "20M", description = "Bytes/s per helper.")
        private ByteSize repairRate = new ByteSize(0);

        @Option(names = "--detect", paramLabel = "TIME", defaultValue = "10m", description = "Until repair begins.")
        private Seconds detection = new Seconds(0);

        @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the lot.")
        private long seed;

        @Mixin
        private OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            final SimulationReport report = PlacementSimulation.run(new SimulationOptions(
                    rooms,
                    racks,
                    hosts,
                    devices,
                    unequal,
                    copiesPerDevice,
                    copies,
                    failureDomain,
                    add / PERCENT,
                    limit,
                    new Durability.Assumptions(
                            failureRate / PERCENT, detection.ns() / 1e9, deviceSize.bytes(), repairRate.bytes()),
                    seed));
            if (output.format().forPeople()) {
                output.out().print(report.toText());
                output.out().flush();
            } else {
                final JsonNode json = JSON.valueToTree(report);
                output.one(json, Integer.toString(report.options().devices()), "");
            }
            return ExitCode.OK;
        }
    }
}
