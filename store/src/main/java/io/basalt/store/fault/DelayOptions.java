package io.basalt.store.fault;

import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;

/// How late a [DelayVolume] is.
///
/// @param readNs delay of reads, nanoseconds, 0 to one hour
/// @param writeNs delay of everything that changes the volume, and of flushes, same range
/// @param jitterNs each delay is lengthened by a random share of this, same range: requests overtake each other
/// @param seed of the random shares; the same seed and requests give the same delays
public record DelayOptions(long readNs, long writeNs, long jitterNs, long seed) {
    private static final long DELAY_NS_MAX = 3600L * 1_000_000_000;

    /// @throws VolumeException if a parameter is out of its range
    public DelayOptions {
        require("avg_read_latency", readNs);
        require("avg_write_latency", writeNs);
        require("jitter", jitterNs);
    }

    private static void require(String field, long ns) {
        if (ns < 0 || ns > DELAY_NS_MAX) {
            throw new VolumeException(Kind.INVALID, field, "is " + ns + " ns", "use 0 to one hour");
        }
    }
}
