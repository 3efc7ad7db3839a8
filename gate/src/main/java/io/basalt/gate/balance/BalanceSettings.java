package io.basalt.gate.balance;

/// When queues move.
///
/// @param on whether they do
/// @param periodNs how often it is looked, in nanoseconds; 10 ms to an hour
/// @param idleBelowPercent a reactor takes queues while it is busy for less of its time, 1 to 99
/// @param filledToPercent a reactor takes no queue that would make it busier than this, 1 to 99
/// @param busyAbovePercent a reactor gives queues away while it is busy for more, above the former, to 99
/// @param periods how many looks in a row must have found that before a queue moves, at least 1
public record BalanceSettings(
        boolean on, long periodNs, int idleBelowPercent, int filledToPercent, int busyAbovePercent, int periods) {
    /// One second, below 50, to 80 and above 90 percent, for five looks in a row.
    public static final BalanceSettings DEFAULT = new BalanceSettings(true, 1_000_000_000L, 50, 80, 90, 5);

    private static final long PERIOD_MIN_NS = 10_000_000;
    private static final long PERIOD_MAX_NS = 3_600_000_000_000L;

    /// @throws IllegalArgumentException that names what is out of its range
    public BalanceSettings {
        require(
                periodNs >= PERIOD_MIN_NS && periodNs <= PERIOD_MAX_NS,
                "period: 10 ms to an hour, is " + periodNs + " ns");
        require(idleBelowPercent >= 1 && idleBelowPercent <= 99, "load_limit: 1 to 99, is " + idleBelowPercent);
        require(filledToPercent >= 1 && filledToPercent <= 99, "core_limit: 1 to 99, is " + filledToPercent);
        require(
                busyAbovePercent > idleBelowPercent && busyAbovePercent <= 99,
                "core_busy: above load_limit " + idleBelowPercent + ", to 99, is " + busyAbovePercent);
        require(periods >= 1, "periods: at least 1, is " + periods);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
