package io.basalt.block;

import io.basalt.reactor.Reactor;

/// One virtual disk, as front ends see it: local (file, RAM, null) or, later, replicated.
///
/// Properties may be read from any thread. I/O goes through a [VolumeChannel] per reactor.
public interface Volume extends AutoCloseable {
    /// The name operators know it by.
    String name();

    /// SPDK's name for the kind of disk, for example `Null disk`.
    String productName();

    /// Logical block size in bytes: 512 or 4096.
    int blockSize();

    /// Current size in bytes; a whole number of blocks. May change through a resize.
    long sizeBytes();

    /// Whether writes are refused.
    boolean readOnly();

    /// Whether the volume does an operation at all.
    boolean supports(BlockOperation operation);

    /// Whether a [BlockOperation#WRITE_ZEROES] is done without writing all the zeros, as far as is
    /// known.
    ///
    /// @param mayUnmap [BlockRequest#mayUnmap()] of the request
    default boolean zeroesFast(boolean mayUnmap) {
        return supports(BlockOperation.WRITE_ZEROES);
    }

    /// Tell where a range has content: the extents that it consists of, as they are at some moment of
    /// the call, up to the end of the range or until the visitor has had enough. A volume that does not
    /// know takes all for content. Any thread but a data reactor's: it may wait for a disk.
    ///
    /// @param offset first byte, inside the volume
    /// @param length bytes, at least 1; the range ends inside the volume
    default void extents(long offset, long length, ExtentVisitor visitor) {
        final boolean _ = visitor.extent(length, false);
    }

    /// Open the volume on a reactor. Called in that reactor's thread.
    VolumeChannel openChannel(Reactor reactor);

    /// Release the volume. Every channel has been closed before.
    @Override
    void close();
}
