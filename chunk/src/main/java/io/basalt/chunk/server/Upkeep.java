package io.basalt.chunk.server;

import io.basalt.chunk.Scrub;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What a chunk server does besides serving.
///
/// @param scrubBytesPerSecond how much of each device is read at most to compare checksums; 0 for nothing
/// @param metrics where `GET /metrics` is answered, or the next port that is free; null for nowhere
public record Upkeep(long scrubBytesPerSecond, @Nullable InetSocketAddress metrics) {
    /// The scrub at its usual rate, and no metrics.
    public static final Upkeep DEFAULT = new Upkeep(Scrub.BYTES_PER_SECOND_DEFAULT, null);

    public Upkeep {
        if (scrubBytesPerSecond < 0) {
            throw new IllegalArgumentException(
                    "scrub: " + scrubBytesPerSecond + " bytes a second, expected 0 for none, or more");
        }
    }
}
