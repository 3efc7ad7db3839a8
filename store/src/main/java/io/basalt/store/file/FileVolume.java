package io.basalt.store.file;

import io.basalt.block.BlockOperation;
import io.basalt.block.VolumeChannel;
import io.basalt.linux.Errno;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.memory.Mapping;
import io.basalt.reactor.Reactor;
import io.basalt.store.ResizableVolume;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import io.basalt.store.VolumeRules;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// A volume on a regular file or block device, over the reactors' io_urings.
///
/// The file is raw: what the guest writes is never looked at, so nothing in it can pass for an image format.
/// What was never written, and what was discarded, reads as zeros. A file that does not end on a block boundary
/// is rounded up: its last block reads as zeros past the end.
///
/// Discard punches holes, write zeroes zeroes the range in place, or punches holes if the request allows it;
/// where the file system or device refuses, write zeroes writes zeros from memory and discard is not supported.
/// Flush is fdatasync. If a flush of a buffered file fails, the kernel drops the failed pages and would call the
/// next flush good: every later flush fails until the volume is opened again.
///
/// The file is locked while it is open for writing, so that no second gate writes to it; a block device is opened
/// exclusively besides, which fails while it is mounted. Read-only volumes take no lock.
///
/// Concurrency: shared by all reactors. What a channel needs to know is final, or a flag that only ever goes
/// from false to true, or the size, which only grows; [BlockStripes] keeps writers of one device block apart.
public final class FileVolume implements ResizableVolume {
    /// What [#clearMode] answers when the file can only be cleared by writing zeros.
    static final int CLEAR_REFUSED = 0;

    private static final int PUNCH_HOLE = FileSpec.FALLOC_FL_PUNCH_HOLE | FileSpec.FALLOC_FL_KEEP_SIZE;
    private static final int ZERO_RANGE = FileSpec.FALLOC_FL_ZERO_RANGE | FileSpec.FALLOC_FL_KEEP_SIZE;
    private static final long ZEROS_BYTES = 1 << 20;

    private final FileOptions options;
    private final OpenedFile file;
    private final IoPath path;
    private final int blockSize;
    private final DeviceQueue.Source source;
    private final FileCounters counters = new FileCounters();
    private final BlockStripes stripes = new BlockStripes();
    private final Mapping zeroMapping = Mapping.anonymous(ZEROS_BYTES);
    private final AtomicInteger channelCount = new AtomicInteger();
    private volatile long sizeBytes;
    private volatile boolean punchHoleRefused;
    private volatile boolean zeroRangeRefused;
    private volatile boolean writesLost;

    private FileVolume(FileOptions options, OpenedFile file, DeviceQueue.Source source) {
        this.options = options;
        this.file = file;
        this.source = source;
        path = file.path();
        blockSize = file.blockSize();
        sizeBytes = file.volumeBytes();
        punchHoleRefused = file.refusesPunchHole();
    }

    /// Open a file or device.
    ///
    /// @throws VolumeException naming the field at fault: not there, not allowed, in use, empty, or unsuitable
    public static FileVolume open(FileOptions options) {
        return open(options, UringDeviceQueue::open, 1);
    }

    /// @param leastAlignment treat the device as if it asked for this offset and memory alignment at least
    static FileVolume open(FileOptions options, DeviceQueue.Source source, int leastAlignment) {
        VolumeRules.requireName(options.name());
        return new FileVolume(options, OpenedFile.open(options, leastAlignment), source);
    }

    @Override
    public String name() {
        return options.name();
    }

    @Override
    public String productName() {
        return options.productName();
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return switch (operation) {
            case READ, FLUSH -> true;
            case WRITE, WRITE_ZEROES -> !readOnly();
            case DISCARD -> !readOnly() && !punchHoleRefused;
        };
    }

    /// What it was opened with.
    public FileOptions options() {
        return options;
    }

    /// The way data takes to the file.
    public IoPath path() {
        return path;
    }

    /// What happened off the straight path.
    public FileCounters counters() {
        return counters;
    }

    /// One line for operators: the way data takes, and what happened off the straight path.
    public String describe() {
        return path.describe() + "; counted: " + counters;
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        final VolumeChannel channel = new FileVolumeChannel(this, reactor, file.fd(), source);
        channelCount.incrementAndGet();
        return channel;
    }

    void channelClosed() {
        channelCount.decrementAndGet();
    }

    /// Grow the file. Not for block devices: they are resized by what made them, then [#rescan()] sees it.
    @Override
    public synchronized void resize(long newSizeBytes) {
        VolumeRules.requireGrowth(sizeBytes, newSizeBytes, blockSize);
        if (newSizeBytes == sizeBytes) {
            return;
        }
        file.grow(newSizeBytes);
        sizeBytes = newSizeBytes;
    }

    /// Look at the file's size again, after something else has grown the file or device.
    ///
    /// @return whether the volume's size has changed
    /// @throws VolumeException if the file has shrunk: the volume keeps its size, and I/O beyond the end fails
    public synchronized boolean rescan() {
        final long found = file.volumeBytes();
        if (found < sizeBytes) {
            throw new VolumeException(
                    Kind.INVALID,
                    "filename",
                    options.path() + " has shrunk from " + sizeBytes + " to " + found + " bytes",
                    "restore its size, or delete the volume and create it again");
        }
        final boolean changed = found > sizeBytes;
        sizeBytes = found;
        return changed;
    }

    @Override
    public void close() {
        if (channelCount.get() != 0) {
            throw new IllegalStateException(name() + " is closed with " + channelCount + " channels open");
        }
        zeroMapping.close();
        file.close();
    }

    // For channels

    BlockStripes stripes() {
        return stripes;
    }

    /// Where the file ends now. A system call that does not wait, for the rare read that finds the end.
    long fileBytes() {
        return file.endOfFile();
    }

    /// 1 MiB of zeros. Never written to.
    MemorySegment zeros() {
        return zeroMapping.segment();
    }

    /// How to make a range read as zeros.
    ///
    /// @param mayUnmap whether the space may be freed
    /// @param mustUnmap whether nothing else will do
    /// @return mode for fallocate, or [#CLEAR_REFUSED]
    int clearMode(boolean mayUnmap, boolean mustUnmap) {
        if (mayUnmap && !punchHoleRefused) {
            return PUNCH_HOLE;
        }
        return mustUnmap || zeroRangeRefused ? CLEAR_REFUSED : ZERO_RANGE;
    }

    /// Whether a result means that the file never does this mode of fallocate. It is then not asked again.
    boolean refusesAllocate(int mode, int result) {
        if (result != -Errno.EOPNOTSUPP && result != -Errno.ENOSYS && result != -Errno.ENODEV) {
            return false;
        }
        if (mode == PUNCH_HOLE) {
            punchHoleRefused = true;
        } else {
            zeroRangeRefused = true;
        }
        return true;
    }

    /// A flush has failed.
    void syncFailed() {
        if (!path.direct()) {
            writesLost = true;
        }
    }

    /// Whether an earlier flush failed in a way that a later one cannot see.
    boolean writesLost() {
        return writesLost;
    }
}
