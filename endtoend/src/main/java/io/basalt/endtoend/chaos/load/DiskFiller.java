package io.basalt.endtoend.chaos.load;

import io.basalt.virtio.blk.BlkSpec;
import java.nio.file.Path;

/// Takes up the space of a disk: writes one block to each shard until there is no more.
public final class DiskFiller implements AutoCloseable {
    private static final int BLOCK = 4096;

    private final GuestDisk disk;
    private long written;

    /// Connect to a disk.
    public DiskFiller(Path socket) {
        disk = GuestDisk.connect(socket, 1, BLOCK);
    }

    /// Write until a write is refused, is not answered for a time, or the disk ends.
    ///
    /// @param stepBytes distance between the blocks
    /// @param waitNs longest wait for one answer
    /// @return what stopped it, in words
    public String fill(long stepBytes, long waitNs) {
        for (long at = 0; at < disk.capacityBytes(); at += stepBytes) {
            Stamps.fill(disk.memory(), disk.buffer(0), 1, at >> BlkSpec.SECTOR_SHIFT);
            disk.add(0, RequestKind.WRITE, at >> BlkSpec.SECTOR_SHIFT);
            disk.publish();
            final long beganNs = System.nanoTime();
            while (disk.poll() < 0) {
                if (System.nanoTime() - beganNs > waitNs) {
                    return written + " shards were taken, then a write waited";
                }
                disk.rest();
            }
            if (disk.status(0) != 0) {
                return written + " shards were taken, then a write was refused";
            }
            written++;
        }
        return written + " shards were taken, and there was still room";
    }

    @Override
    public void close() {
        disk.close();
    }
}
