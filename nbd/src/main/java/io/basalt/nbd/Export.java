package io.basalt.nbd;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import java.nio.charset.StandardCharsets;

/// One volume that clients can ask for by name. Immutable; any thread.
///
/// @param name up to 4096 bytes of UTF-8
/// @param description for people; up to 4096 bytes of UTF-8, may be empty
/// @param volume stays the owner's, who keeps it open while a connection uses it
/// @param readOnly whether clients may not write, even if the volume could
public record Export(String name, String description, Volume volume, boolean readOnly) {
    /// Longest name and longest description, in bytes of UTF-8.
    public static final int STRING_BYTES_MAX = NbdSpec.STRING_BYTES_MAX;

    /// Largest payload of one request, in bytes.
    static final int PAYLOAD_BYTES_MAX = 1 << 25;

    private static final int PREFERRED_BLOCK_BYTES = 4096;

    public Export {
        assert name.getBytes(StandardCharsets.UTF_8).length <= STRING_BYTES_MAX;
        assert description.getBytes(StandardCharsets.UTF_8).length <= STRING_BYTES_MAX;
    }

    /// What clients are told that they can do.
    ///
    /// Every channel of a volume sees what was completed on another one, and a flush on one makes
    /// durable what was completed on any: so clients may always use several connections.
    int transmissionFlags(ReplyStyle style) {
        int flags = NbdSpec.FLAG_HAS_FLAGS
                | NbdSpec.FLAG_SEND_FLUSH
                | NbdSpec.FLAG_SEND_FUA
                | NbdSpec.FLAG_SEND_CACHE
                | NbdSpec.FLAG_CAN_MULTI_CONN;
        if (style.chunked()) {
            flags |= NbdSpec.FLAG_SEND_DF;
        }
        if (readOnly || volume.readOnly()) {
            return flags | NbdSpec.FLAG_READ_ONLY;
        }
        if (volume.supports(BlockOperation.DISCARD)) {
            flags |= NbdSpec.FLAG_SEND_TRIM;
        }
        if (volume.supports(BlockOperation.WRITE_ZEROES)) {
            flags |= NbdSpec.FLAG_SEND_WRITE_ZEROES | NbdSpec.FLAG_SEND_FAST_ZERO;
        }
        return flags;
    }

    /// Smallest length and alignment of a request, in bytes.
    int minimumBlockBytes() {
        return volume.blockSize();
    }

    /// Length and alignment that requests had better have, in bytes.
    int preferredBlockBytes() {
        return Math.max(PREFERRED_BLOCK_BYTES, volume.blockSize());
    }
}
