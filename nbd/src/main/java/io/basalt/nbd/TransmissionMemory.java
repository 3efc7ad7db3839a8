package io.basalt.nbd;

import io.basalt.block.RegionTable;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The memory of one connection: as much as it ever uses, so that what one client asks for is never
/// taken from another.
///
/// ```
///   0                              4 MiB        4 MiB + 64 KiB   4 MiB + 128 KiB
///   ┌──────────────────────────────┬────────────┬────────────────┐
///   │ buffers of content (4096 ×)  │ inbox      │ reply headers  │
///   └──────────────────────────────┴────────────┴────────────────┘
/// ```
///
/// Content is received straight into the buffers that a volume's channel writes from, and sent from
/// those that it has read into, but for what came together with its header.
public final class TransmissionMemory {
    /// Bytes of all.
    public static final int BYTES = (4 << 20) + (128 << 10);

    /// Bytes of the buffers.
    static final int CONTENT_BYTES = 4 << 20;

    /// Largest buffer: longer requests go in pieces of this.
    static final int PIECE_BYTES_MAX = 256 << 10;

    static final int INBOX = CONTENT_BYTES;
    static final int INBOX_BYTES = 64 << 10;
    static final int HEADERS = INBOX + INBOX_BYTES;
    static final int HEADERS_BYTES = 64 << 10;

    /// The region of the buffers in [#table].
    static final int REGION = 0;

    final MemorySegment segment;
    final RegionTable table;

    /// @param segment native, page-aligned, [#BYTES] long; stays the caller's
    public TransmissionMemory(MemorySegment segment) {
        assert segment.byteSize() == BYTES;
        assert HEADERS + HEADERS_BYTES == BYTES;
        this.segment = segment;
        table = new RegionTable(List.of(segment), true);
    }

    /// The memory as a volume's channel is told of it.
    public RegionTable table() {
        return table;
    }
}
