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

    /// Open the volume on a reactor. Called in that reactor's thread.
    VolumeChannel openChannel(Reactor reactor);

    /// Release the volume. Every channel has been closed before.
    @Override
    void close();
}
