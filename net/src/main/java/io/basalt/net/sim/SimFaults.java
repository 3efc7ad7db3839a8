package io.basalt.net.sim;

/// What the simulated network does to bytes, by itself and at random. Partitions, clogs and crashes are ordered
/// one by one, see [SimNetwork].
///
/// @param delayMinNs least nanoseconds from sending to arrival
/// @param delayMaxNs most nanoseconds; one piece in sixteen takes up to eight times as long
/// @param damagedPerMillion pieces in a million of which one byte is changed on the way
/// @param brokenPerMillion pieces in a million at which the connection breaks
/// @param piecesSplit whether bytes arrive in pieces of random lengths, as they may over TCP
public record SimFaults(
        long delayMinNs, long delayMaxNs, int damagedPerMillion, int brokenPerMillion, boolean piecesSplit) {
    /// A network that is only slow: 20 to 60 µs.
    public static final SimFaults NONE = new SimFaults(20_000, 60_000, 0, 0, false);

    public SimFaults {
        if (delayMinNs < 0 || delayMaxNs < delayMinNs) {
            throw new IllegalArgumentException("simulated delay is " + delayMinNs + " to " + delayMaxNs + " ns");
        }
        requireShare("damagedPerMillion", damagedPerMillion);
        requireShare("brokenPerMillion", brokenPerMillion);
    }

    /// The same with damage.
    public SimFaults withDamage(int perMillion) {
        return new SimFaults(delayMinNs, delayMaxNs, perMillion, brokenPerMillion, piecesSplit);
    }

    /// The same with breaking connections.
    public SimFaults withBreaks(int perMillion) {
        return new SimFaults(delayMinNs, delayMaxNs, damagedPerMillion, perMillion, piecesSplit);
    }

    /// The same with bytes arriving in pieces of random lengths.
    public SimFaults withSplitPieces() {
        return new SimFaults(delayMinNs, delayMaxNs, damagedPerMillion, brokenPerMillion, true);
    }

    /// The same with other delays.
    public SimFaults withDelay(long minNs, long maxNs) {
        return new SimFaults(minNs, maxNs, damagedPerMillion, brokenPerMillion, piecesSplit);
    }

    private static void requireShare(String field, int value) {
        if (value < 0 || value > 1_000_000) {
            throw new IllegalArgumentException(field + " is " + value + ", expected 0 to 1000000");
        }
    }
}
