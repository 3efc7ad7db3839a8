package io.basalt.placement;

import java.util.HashSet;
import java.util.Set;

/// How likely a layout is to lose data, by a Markov model of one replica set and a count of the distinct ones.
///
/// **Model.** Devices fail independently at the constant rate `λ = -ln(1 - AFR)` a year. A failed device's
/// copies are
/// made anew by all devices that share a placement group with it, at once:
/// `T = detection + device bytes / (repair rate × helpers)`; each missing copy comes back after an exponential
/// time of
/// mean T. A set of n copies of which j are missing then goes to j + 1 at the rate `(n - j) λ` and to j - 1 at
/// the rate
/// `j / T`. The mean time from none missing to all missing is `Σ h(j)` for j of 0 to n - 1, where `h(0) = 1 /
/// (n λ)` and
/// `h(j) = (1 + (j / T) h(j - 1)) / ((n - j) λ)`.
///
/// **From one set to all.** Placement groups on the same devices are lost together, so data is lost somewhere
/// at that
/// rate times the number of distinct sets (*copysets*). More of them mean faster repair and smaller losses, and
/// more
/// combinations of failures that lose something; [#simultaneousLossProbability] shows the price of the second.
///
/// **Left out**, and to be kept apart: latent errors found during repair (scrubbing is the answer), correlated
/// failures
/// within a failure domain, software and operators. Real losses are dominated by these; compare layouts by the
/// figures, and do not promise them.
///
/// @param copysets distinct sets of devices that hold all copies of some placement group
/// @param helpers mean number of devices that share a placement group with a device: its scatter width
/// @param repairSeconds T: mean time until a failed device's copies are whole again
/// @param setLossPerYear probability that one replica set, such as that of one shard, is lost within a year
/// @param nines `-log10` of that
/// @param anyLossPerYear probability that data is lost somewhere within a year
/// @param simultaneousFailures devices that fail for good at the same moment, as after a loss of power: 1 %
/// @param simultaneousLossProbability probability that such a moment loses data
public record Durability(
        int copysets,
        double helpers,
        double repairSeconds,
        double setLossPerYear,
        double nines,
        double anyLossPerYear,
        int simultaneousFailures,
        double simultaneousLossProbability) {
    private static final double SECONDS_PER_YEAR = 365.25 * 24 * 3600;
    private static final double SIMULTANEOUS_SHARE = 0.01;

    /// What the model assumes.
    ///
    /// @param annualFailureRate share of the devices that fail for good within a year, above 0 and below 1
    /// @param detectionSeconds from the failure to the start of the repair, not negative
    /// @param deviceBytes held by a mean device, positive
    /// @param repairBytesPerSecond that each helping device contributes, positive
    public record Assumptions(
            double annualFailureRate, double detectionSeconds, double deviceBytes, double repairBytesPerSecond) {
        /// A device of 4 TB, of which 1 % a year fail; repair begins after 10 minutes with 20 MB/s of each helper.
        public static final Assumptions DEFAULT = new Assumptions(0.01, 600, 4e12, 20e6);

        public Assumptions {
            if (!(annualFailureRate > 0 && annualFailureRate < 1)) {
                throw new IllegalArgumentException(
                        "annual failure rate " + annualFailureRate + " is not between 0 and 1; 0.01 is 1 %");
            }
            requirePositive("device bytes", deviceBytes);
            requirePositive("repair bytes per second", repairBytesPerSecond);
            if (!(detectionSeconds >= 0)) {
                throw new IllegalArgumentException("detection seconds " + detectionSeconds + " are negative");
            }
        }

        private static void requirePositive(String field, double value) {
            if (!(value > 0)) {
                throw new IllegalArgumentException(field + " " + value + " is not positive");
            }
        }
    }

    /// The durability of a mapping of a map.
    public static Durability of(ClusterMap map, PgMapping mapping, Assumptions assumptions) {
        final Set<Set<Integer>> copysets = new HashSet<>();
        final Set<Long> pairs = new HashSet<>();
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            final int[] ids = mapping.replicas(pg).toArray();
            final Set<Integer> copyset = new HashSet<>();
            for (final int id : ids) {
                copyset.add(id);
                for (final int other : ids) {
                    if (other != id) {
                        pairs.add(((long) id << Integer.SIZE) | other);
                    }
                }
            }
            copysets.add(copyset);
        }
        final int devices = map.devices().size();
        final double helpers = devices == 0 ? 0 : (double) pairs.size() / devices;
        final double repairSeconds = assumptions.detectionSeconds()
                + assumptions.deviceBytes() / (assumptions.repairBytesPerSecond() * Math.max(1, helpers));
        final double yearsToLoss = meanYearsToLoss(map.copies(), assumptions.annualFailureRate(), repairSeconds);
        final int failures = Math.max(1, (int) Math.ceil(devices * SIMULTANEOUS_SHARE));
        return new Durability(
                copysets.size(),
                helpers,
                repairSeconds,
                -Math.expm1(-1 / yearsToLoss),
                Math.log10(yearsToLoss),
                -Math.expm1(-copysets.size() / yearsToLoss),
                failures,
                simultaneousLoss(devices, failures, map.copies(), copysets.size()));
    }

    /// Mean years until all copies of one replica set are missing at the same time.
    ///
    /// @param copies from 1
    /// @param annualFailureRate above 0 and below 1
    /// @param repairSeconds mean time to make a missing copy anew, positive
    static double meanYearsToLoss(int copies, double annualFailureRate, double repairSeconds) {
        final double failuresPerYear = -Math.log1p(-annualFailureRate);
        final double repairsPerYear = SECONDS_PER_YEAR / repairSeconds;
        double step = 0;
        double years = 0;
        for (int missing = 0; missing < copies; missing++) {
            step = (1 + missing * repairsPerYear * step) / ((copies - missing) * failuresPerYear);
            years += step;
        }
        return years;
    }

    /// The probability that some copyset is among the failed devices: each is with probability
    /// `C(failures, copies) / C(devices, copies)`, taken as independent.
    private static double simultaneousLoss(int devices, int failures, int copies, int copysets) {
        double one = 1;
        for (int index = 0; index < copies; index++) {
            one *= Math.max(0, (double) (failures - index)) / Math.max(1, devices - index);
        }
        return one >= 1 ? 1 : -Math.expm1(copysets * Math.log1p(-one));
    }
}
