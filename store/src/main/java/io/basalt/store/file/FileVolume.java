package io.basalt.store.file;

import io.basalt.block.BlockOperation;
import io.basalt.block.ExtentVisitor;
import io.basalt.block.VolumeChannel;
import io.basalt.linux.Errno;
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
/// Discard punches holes. A block device that cannot free space and zero it in one may still be able to
/// forget: then what was discarded reads as the device likes until it is written. Write zeroes zeroes the
/// range in place, or punches holes if the request allows it. Where the file system or device refuses,
/// write zeroes writes zeros from memory and discard is not supported, which front ends are told beforehand
/// as far as it can be known. Flush is fdatasync. If a flush of a buffered file fails, the kernel drops the
/// failed pages and would call the next flush good: every later flush fails until the volume is opened
/// again.
///
/// The file is locked while it is open, for one writer or for many readers ([ImageLock]); a block device that is
/// written to is opened exclusively besides, which fails while it is mounted.
///
/// Concurrency: shared by all reactors. What a channel needs to know is final, or a flag that only ever goes
/// from false to true, or the size, which only grows; [BlockStripes] keeps writers of one device block apart.
public final class FileVolume implements ResizableVolume {
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
    private volatile boolean forgetRefused;
    private volatile boolean writesLost;

    private FileVolume(FileOptions options, OpenedFile file, DeviceQueue.Source source) {
        this.options = options;
        this.file = file;
        this.source = source;
        path = file.path();
        blockSize = file.blockSize();
        sizeBytes = file.volumeBytes();
        file.refusals().forEach(this::refused);
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
            case DISCARD -> !readOnly() && !(punchHoleRefused && forgetRefused);
        };
    }

    @Override
    public boolean zeroesFast(boolean mayUnmap) {
        return clearing(mayUnmap, false) != Clearing.REFUSED;
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) {
        file.extents(offset, length, visitor);
    }

    /// The open file, which holds the lock and stays the volume's; for a process that goes on with the volume.
    public int fd() {
        return file.fd();
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

    /// How to make a range read as zeros, or to forget it.
    ///
    /// @param mayUnmap whether the space may be freed
    /// @param discard whether it has to be freed, and need not read as zeros
    Clearing clearing(boolean mayUnmap, boolean discard) {
        if (mayUnmap && !punchHoleRefused) {
            return Clearing.PUNCH_HOLE;
        }
        if (discard) {
            return forgetRefused ? Clearing.REFUSED : Clearing.FORGET;
        }
        return zeroRangeRefused ? Clearing.REFUSED : Clearing.ZERO_RANGE;
    }

    /// Whether a result means that the file never clears in this way. It is then not asked again.
    boolean refuses(Clearing clearing, int result) {
        if (!isRefusal(result)) {
            return false;
        }
        refused(clearing);
        return true;
    }

    private void refused(Clearing clearing) {
        switch (clearing) {
            case PUNCH_HOLE -> punchHoleRefused = true;
            case ZERO_RANGE -> zeroRangeRefused = true;
            case FORGET -> forgetRefused = true;
            case REFUSED -> throw new AssertionError("nothing was asked");
        }
    }

    /// Whether a result tells of a file system, device or kernel that does not know an operation at all.
    static boolean isRefusal(int result) {
        return result == -Errno.EOPNOTSUPP
                || result == -Errno.ENOSYS
                || result == -Errno.ENODEV
                || result == -Errno.ENOTTY;
    }

    /// A flush has failed.
    void syncFailed() {
        if (!path.direct()) {
            writesLost = true;
        }
    }

    /// Whether an earlier flush failed in a way that a later one cannot see.
    public boolean writesLost() {
        return writesLost;
    }
}
