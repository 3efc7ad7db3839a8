package io.basalt.placement;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;

/// What [PlacementSimulation] found.
///
/// @param options what was asked
/// @param pgCount placement groups
/// @param drawn balance by the draws alone
/// @param balanced balance with the exception table
/// @param ordered balance when the primaries are evened out too; see [PrimaryOrder]
/// @param exceptions entries of the table
/// @param exceptionMoves copies that the table moves
/// @param movements what changes of the topology move
/// @param durability of the balanced layout
public record SimulationReport(
        SimulationOptions options,
        int pgCount,
        Balance drawn,
        Balance balanced,
        Balance ordered,
        int exceptions,
        int exceptionMoves,
        List<Movement> movements,
        Durability durability) {
    /// What one change of the topology moves, in copies. The ideal is what must move: the share of the
    /// weight added, or what the devices taken away held.
    ///
    /// @param change in words
    /// @param drawnIdeal ideal where the exception table is empty
    /// @param drawn moved by the draws alone
    /// @param balancedIdeal ideal where the table is in use
    /// @param balanced moved when the table is kept and then balanced anew
    /// @param balancedMaxOverMean balance after that
    public record Movement(
            String change,
            double drawnIdeal,
            int drawn,
            double balancedIdeal,
            int balanced,
            double balancedMaxOverMean) {
        /// Moved by the draws, over the ideal.
        public double drawnRatio() {
            return drawn / drawnIdeal;
        }

        /// Moved with the table, over the ideal.
        public double balancedRatio() {
            return balanced / balancedIdeal;
        }
    }

    public SimulationReport {
        movements = List.copyOf(movements);
    }

    /// The report as tables for a terminal, ending with a line break.
    public String toText() {
        final Formatter text = new Formatter(Locale.ROOT);
        text.format(
                "%d devices: %d rooms x %d racks x %d hosts x %d devices, weights %s\n",
                options.devices(),
                options.rooms(),
                options.racksPerRoom(),
                options.hostsPerRack(),
                options.devicesPerHost(),
                options.unequalWeights() ? "1, 2, 4, 8" : "equal");
        text.format(
                "%d placement groups x %d copies, one per %s\n", pgCount, options.copies(), options.failureDomain());
        text.format("\n");
        text.format(
                "%-22s %9s %9s %9s %13s %8s\n", "BALANCE", "MAX/MEAN", "MIN/MEAN", "STDDEV", "PRIMARY MAX", "MISSING");
        balance(text, "draws alone", drawn);
        balance(text, "with exception table", balanced);
        balance(text, "primaries ordered too", ordered);
        text.format(
                "exception table: %d entries (%.2f %% of the placement groups), moves %d copies (%.2f %%)\n",
                exceptions,
                100.0 * exceptions / pgCount,
                exceptionMoves,
                100.0 * exceptionMoves / Math.max(1, drawn.copies()));
        text.format("\n");
        text.format(
                "%-36s %9s %12s %12s %12s\n", "MOVEMENT (copies)", "IDEAL", "DRAWS/IDEAL", "TABLE/IDEAL", "MAX/MEAN");
        for (final Movement movement : movements) {
            text.format(
                    "%-36s %9.0f %12.3f %12.3f %12.3f\n",
                    movement.change(),
                    movement.balancedIdeal(),
                    movement.drawnRatio(),
                    movement.balancedRatio(),
                    movement.balancedMaxOverMean());
        }
        text.format("\n");
        durability(text);
        return text.toString();
    }

    private void durability(Formatter text) {
        final Durability.Assumptions assumed = options.durability();
        text.format(
                "DURABILITY (AFR %.2f %%, %.2f TB a device, %.0f MB/s of each helper, repair starts after %.0f s)\n",
                assumed.annualFailureRate() * 100,
                assumed.deviceBytes() / 1e12,
                assumed.repairBytesPerSecond() / 1e6,
                assumed.detectionSeconds());
        text.format("%-52s %12.0f s\n", "repair of a device", durability.repairSeconds());
        text.format("%-52s %12.1f\n", "devices that help (scatter width)", durability.helpers());
        text.format("%-52s %12d\n", "distinct replica sets (copysets)", durability.copysets());
        text.format(
                "%-52s %12.3g (%.1f nines)\n",
                "loss of one replica set, a year", durability.setLossPerYear(), durability.nines());
        text.format("%-52s %12.3g\n", "loss of any data, a year", durability.anyLossPerYear());
        text.format(
                "%-52s %12.3g\n",
                "loss of any data when " + durability.simultaneousFailures() + " devices fail at one moment",
                durability.simultaneousLossProbability());
    }

    private static void balance(Formatter text, String name, Balance balance) {
        text.format(
                "%-22s %9.3f %9.3f %9.3f %13.3f %8d\n",
                name,
                balance.maxOverMean(),
                balance.minOverMean(),
                balance.deviation(),
                balance.primaryMaxOverMean(),
                balance.missing());
    }
}
