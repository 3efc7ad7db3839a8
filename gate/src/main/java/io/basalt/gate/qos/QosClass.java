package io.basalt.gate.qos;

import java.util.EnumMap;
import java.util.Map;

/// A formula for a volume's limits by its size: so many requests and bytes per second for each GiB on top of a base,
/// up to a most.
///
/// @param name what operators call it
/// @param ios requests per second
/// @param bytes bytes per second
/// @param burstPercent the burst rate, in percent of the limit; 100 for no bursts
/// @param burstSeconds how long full credit lasts
/// @param unitBytes see [QosLimits#unitBytes()]
public record QosClass(String name, Slope ios, Slope bytes, int burstPercent, long burstSeconds, int unitBytes) {
    /// Largest burst rate: a hundred times the limit.
    public static final int BURST_PERCENT_MAX = 10_000;

    private static final long MIB = 1 << 20;

    /// The class of disks on a replicated cluster of solid state drives: min{1200 + 30 a GiB, 24000} requests and
    /// min{80 + 0.5 a GiB, 260} MiB per second.
    public static final QosClass SSD =
            builtIn("ssd", new Slope(1200, 30, 24_000), new Slope(80 * MIB, MIB / 2, 260 * MIB));
    /// The class of the fastest disks: min{1800 + 50 a GiB, 1200000} requests and min{120 + 0.5 a GiB, 4800} MiB per
    /// second.
    public static final QosClass RSSD =
            builtIn("rssd", new Slope(1800, 50, 1_200_000), new Slope(120 * MIB, MIB / 2, 4800 * MIB));

    /// A number that grows with a size.
    ///
    /// @param base at size 0
    /// @param perGib more for each GiB
    /// @param most never more; 0 for no bound
    public record Slope(long base, long perGib, long most) {
        /// Largest of each.
        public static final long NUMBER_MAX = 1_000_000_000_000L;

        private static final int GIB_SHIFT = 30;

        public Slope {
            if (outside(base) || outside(perGib) || outside(most)) {
                throw new IllegalArgumentException(
                        "must be 0 to " + NUMBER_MAX + ": " + base + ", " + perGib + ", " + most);
            }
        }

        private static boolean outside(long number) {
            return number < 0 || number > NUMBER_MAX;
        }

        /// The number at a size, rounded down; 0 means that there is no limit.
        long at(long sizeBytes) {
            if (base == 0 && perGib == 0) {
                return most;
            }
            final double about = base + (double) perGib * sizeBytes / (1L << GIB_SHIFT);
            final long bound = most == 0 ? Rate.PER_SECOND_MAX : most;
            if (about > 2.0 * bound) {
                return bound;
            }
            final long high = Math.multiplyHigh(perGib, sizeBytes) << (Long.SIZE - GIB_SHIFT);
            return Math.min(bound, base + (high | ((perGib * sizeBytes) >>> GIB_SHIFT)));
        }
    }

    public QosClass {
        if (burstPercent < 100 || burstPercent > BURST_PERCENT_MAX) {
            throw new IllegalArgumentException(
                    "the burst must be 100 to " + BURST_PERCENT_MAX + " percent, is " + burstPercent);
        }
    }

    private static QosClass builtIn(String name, Slope ios, Slope bytes) {
        return new QosClass(name, ios, bytes, 100, 0, QosLimits.UNIT_BYTES);
    }

    /// The limits of a volume of a size.
    public QosLimits limits(long sizeBytes) {
        final Map<LimitKind, Rate> rates = new EnumMap<>(LimitKind.class);
        put(rates, LimitKind.RW_IOS, ios.at(sizeBytes));
        put(rates, LimitKind.RW_BYTES, bytes.at(sizeBytes));
        return new QosLimits(rates, unitBytes);
    }

    private void put(Map<LimitKind, Rate> rates, LimitKind kind, long perSecond) {
        if (perSecond > 0) {
            final long burst = Math.min(
                    Rate.PER_SECOND_MAX, perSecond / 100 * burstPercent + perSecond % 100 * burstPercent / 100);
            rates.put(kind, new Rate(perSecond, burst, burstSeconds));
        }
    }
}
