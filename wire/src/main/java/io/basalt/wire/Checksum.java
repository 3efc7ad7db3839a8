package io.basalt.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// A running CRC32C (Castagnoli) over native memory. Made once and used again; allocates nothing. One thread.
///
/// The memory must be this process's own, or sealed against truncation: the computation is an intrinsic, in which a
/// page that is missing ends the process.
public final class Checksum {
    private final CRC32C crc = new CRC32C();

    /// The checksum of a piece of memory in one go, forgetting what was under way.
    ///
    /// @param view direct buffer of which position and limit are changed
    public int of(ByteBuffer view, int from, int length) {
        crc.reset();
        update(view, from, length);
        return value();
    }

    /// Forget everything.
    public void reset() {
        crc.reset();
    }

    /// Take more bytes in.
    ///
    /// @param view direct buffer of which position and limit are changed
    public void update(ByteBuffer view, int from, int length) {
        assert view.isDirect();
        view.limit(from + length);
        view.position(from);
        crc.update(view);
    }

    /// The checksum of everything taken in since [#reset()].
    public int value() {
        return (int) crc.getValue();
    }

    /// The checksum of a small piece of memory. Control plane: allocates.
    public static int of(MemorySegment memory, long from, long length) {
        final CRC32C crc = new CRC32C();
        crc.update(memory.asSlice(from, length).asByteBuffer());
        return (int) crc.getValue();
    }
}
