package io.basalt.store.file;

import io.basalt.block.ExtentVisitor;
import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.BlockDevice;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.uring.IoUring;
import io.basalt.linux.uring.UringSpec;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import io.basalt.store.VolumeRules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/// A file volume's file: opened, locked, and asked how it wants its data. Control plane.
final class OpenedFile implements AutoCloseable {
    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    private final FileOptions options;
    private final LinuxFile file;
    private final IoPath path;
    private final int blockSize;

    private OpenedFile(FileOptions options, LinuxFile file, IoPath path, int blockSize) {
        this.options = options;
        this.file = file;
        this.path = path;
        this.blockSize = blockSize;
    }

    /// @throws VolumeException if the file cannot be a volume
    static OpenedFile open(FileOptions options, int leastAlignment) {
        if (options.openFile() >= 0) {
            return adopt(options, leastAlignment);
        }
        final boolean device = requireKind(options.path()) == FileStatus.Kind.BLOCK_DEVICE;
        String reason = options.direct() ? "" : "O_DIRECT not asked for";
        LinuxFile file;
        boolean direct = options.direct();
        try {
            file = open(options, device, direct);
        } catch (LinuxException e) {
            if (!direct || e.errno() != Errno.EINVAL) {
                throw refused(options.path(), e);
            }
            direct = false;
            reason = "the file system refuses O_DIRECT";
            file = openBuffered(options, device);
        }
        try {
            return examine(options, file, device, direct, reason, leastAlignment);
        } catch (LinuxException e) {
            file.close();
            throw refused(options.path(), e);
        } catch (VolumeException e) {
            file.close();
            throw e;
        }
    }

    /// The lock belongs to the open file, and so is held already.
    private static OpenedFile adopt(FileOptions options, int leastAlignment) {
        final LinuxFile file = LinuxFile.adopt(options.openFile());
        try {
            final boolean device = file.status().kind() == FileStatus.Kind.BLOCK_DEVICE;
            final boolean direct = (file.flags() & FileSpec.O_DIRECT) != 0;
            return measure(options, file, device, direct, "opened so by the process before", leastAlignment);
        } catch (LinuxException e) {
            file.close();
            throw refused(options.path(), e);
        } catch (VolumeException e) {
            file.close();
            throw e;
        }
    }

    private static LinuxFile openBuffered(FileOptions options, boolean device) {
        try {
            return open(options, device, false);
        } catch (LinuxException e) {
            throw refused(options.path(), e);
        }
    }

    private static LinuxFile open(FileOptions options, boolean device, boolean direct) {
        int flags = options.readOnly() ? FileSpec.O_RDONLY : FileSpec.O_RDWR;
        flags |= direct ? FileSpec.O_DIRECT : 0;
        flags |= device && !options.readOnly() ? FileSpec.O_EXCL : 0;
        return LinuxFile.open(options.path(), flags, 0);
    }

    private static OpenedFile examine(
            FileOptions options, LinuxFile file, boolean device, boolean direct, String reason, int leastAlignment) {
        ImageLock.take(options.path(), file, options.readOnly());
        return measure(options, file, device, direct, reason, leastAlignment);
    }

    private static OpenedFile measure(
            FileOptions options, LinuxFile file, boolean device, boolean direct, String reason, int leastAlignment) {
        final int sector = device ? BlockDevice.of(file.fd()).logicalSector() : SECTOR_BYTES;
        final int blockSize = VolumeRules.requireBlockSize(
                options.blockSize() == FileOptions.DEVICE_BLOCK_SIZE ? sector : options.blockSize());
        final IoPath wanted = direct
                ? directPath(file, device, sector, blockSize, leastAlignment)
                : new IoPath(device, false, 1, 1, false, reason);
        final OpenedFile opened = new OpenedFile(options, file, wanted, blockSize);
        final long bytes = opened.volumeBytes();
        if (bytes == 0) {
            throw new VolumeException(
                    Kind.INVALID,
                    "filename",
                    options.path() + " is smaller than a block of " + blockSize + " bytes",
                    "give the file its size first, for example with truncate -s");
        }
        if (wanted.readModifyWrite() && !device && file.status().size() % wanted.offsetAlignment() != 0) {
            // Writing the last device block back whole would make the file longer than the volume.
            final String why =
                    "the file's size is not a multiple of the device's " + wanted.offsetAlignment() + "-byte blocks";
            file.close();
            return open(options.withDirect(false).withOpenFile(-1), leastAlignment)
                    .because(why);
        }
        return opened;
    }

    private OpenedFile because(String reason) {
        return new OpenedFile(options, file, new IoPath(path.blockDevice(), false, 1, 1, false, reason), blockSize);
    }

    private static IoPath directPath(LinuxFile file, boolean device, int sector, int blockSize, int leastAlignment) {
        final FileStatus status = file.status();
        int offsets = status.directOffsetAlignment();
        int memory = status.directMemoryAlignment();
        if (offsets == 0) {
            offsets = device ? sector : probeAlignment(file);
            memory = offsets;
        }
        offsets = Math.max(offsets, leastAlignment);
        memory = Math.max(memory, leastAlignment);
        return new IoPath(device, true, memory, offsets, offsets > blockSize, "");
    }

    /// The kernel does not say how direct I/O must be aligned: try the smaller of the two usual ways.
    private static int probeAlignment(LinuxFile file) {
        try (Mapping page = Mapping.anonymous(PAGE_BYTES)) {
            final long read = file.read(page.segment().asSlice(SECTOR_BYTES, SECTOR_BYTES), 0);
            return read == -Errno.EINVAL ? PAGE_BYTES : SECTOR_BYTES;
        }
    }

    private static FileStatus.Kind requireKind(Path path) {
        if (!Files.exists(path)) {
            throw new VolumeException(
                    Kind.NOT_FOUND, "filename", path + " does not exist", "create it, or correct the path");
        }
        if (Files.isRegularFile(path)) {
            return FileStatus.Kind.REGULAR;
        }
        // By path, before it is opened: opening a pipe would wait for its other end.
        if (isBlockDevice(path)) {
            return FileStatus.Kind.BLOCK_DEVICE;
        }
        throw new VolumeException(
                Kind.INVALID,
                "filename",
                path + " is neither a regular file nor a block device",
                "name a disk image or a device");
    }

    private static boolean isBlockDevice(Path path) {
        try {
            final Object mode = Files.getAttribute(path, "unix:mode");
            return mode instanceof Integer bits && (bits & FileSpec.S_IFMT) == FileSpec.S_IFBLK;
        } catch (java.io.IOException e) {
            throw new VolumeException(Kind.IO, "filename", path + ": " + e, "check the file system");
        }
    }

    private static VolumeException refused(Path path, LinuxException e) {
        final String reason = path + ": " + Errno.describe(e.errno());
        return switch (e.errno()) {
            case Errno.ENOENT -> new VolumeException(Kind.NOT_FOUND, "filename", reason, "create it first");
            case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
                new VolumeException(Kind.DENIED, "filename", reason, "check its permissions, or open it read-only");
            case Errno.EBUSY ->
                new VolumeException(Kind.BUSY, "filename", reason, "unmount it or close its other user");
            case Errno.ENOSPC, Errno.EFBIG ->
                new VolumeException(Kind.NO_SPACE, "filename", reason, "free space or choose a smaller size");
            default -> new VolumeException(Kind.IO, "filename", reason, "check the file or device");
        };
    }

    int fd() {
        return file.fd();
    }

    IoPath path() {
        return path;
    }

    int blockSize() {
        return blockSize;
    }

    /// Where the file or device ends now.
    long endOfFile() {
        return path.blockDevice()
                ? BlockDevice.of(file.fd()).size()
                : file.status().size();
    }

    /// Tell the extents of a range: what the file system keeps no data for is a hole, and so is what
    /// lies beyond the end of the file. Whole blocks are told: one that has data anywhere is content.
    void extents(long offset, long length, ExtentVisitor visitor) {
        final long end = offset + length;
        long at = offset;
        while (at < end) {
            final long data = file.seek(at, FileSpec.SEEK_DATA);
            final long content = data == -Errno.ENXIO ? end : data < 0 ? at : Math.min(data & -(long) blockSize, end);
            if (content > at && !visitor.extent(content - at, true)) {
                return;
            }
            at = Math.max(at, content);
            if (at == end) {
                return;
            }
            final long hole = data < 0 ? end : file.seek(Math.max(at, data), FileSpec.SEEK_HOLE);
            // A hole that was punched since may begin where content was seen.
            final long least = Math.max(hole, at + 1);
            final long next = hole < 0 ? end : Math.min(least + blockSize - 1 & -(long) blockSize, end);
            if (!visitor.extent(next - at, false)) {
                return;
            }
            at = next;
        }
    }

    /// Size of the volume on the file as it is now: a regular file is rounded up to whole blocks,
    /// unless device blocks are written whole; a device is rounded down.
    long volumeBytes() {
        final long bytes = endOfFile();
        if (path.blockDevice()) {
            return bytes & -(long) Math.max(blockSize, path.offsetAlignment());
        }
        return path.readModifyWrite()
                ? bytes & -(long) path.offsetAlignment()
                : bytes + blockSize - 1 & -(long) blockSize;
    }

    /// What the file is known never to do, of [Clearing].
    Set<Clearing> refusals() {
        final Set<Clearing> refused = EnumSet.noneOf(Clearing.class);
        if (path.blockDevice()) {
            final BlockDevice device = BlockDevice.of(file.fd());
            // Without a command of the device that zeroes, the kernel does not punch; it always zeroes, by writing.
            if (device.writeZeroesMax() == 0) {
                refused.add(Clearing.PUNCH_HOLE);
            }
            if (device.discardMax() == 0 || !kernelKnowsDiscard()) {
                refused.add(Clearing.FORGET);
            }
            return refused;
        }
        refused.add(Clearing.FORGET);
        // A hole beyond the end changes nothing and tells.
        final long beyond = file.status().size() + PAGE_BYTES - 1 & -(long) PAGE_BYTES;
        final int result = options.readOnly() ? 0 : file.allocate(Clearing.PUNCH_HOLE.allocateMode, beyond, PAGE_BYTES);
        if (FileVolume.isRefusal(result)) {
            refused.add(Clearing.PUNCH_HOLE);
        }
        return refused;
    }

    /// A discard of nothing is an invalid one for kernels that know the command (6.12), and unknown to
    /// others.
    private boolean kernelKnowsDiscard() {
        if (options.readOnly()) {
            return false;
        }
        try (IoUring ring = IoUring.create(1)) {
            if (!ring.supports(UringSpec.IORING_OP_URING_CMD)) {
                return false;
            }
            ring.prepareDiscard(file.fd(), 0, 0, 0, 0);
            ring.enter(1, IoUring.NO_TIMEOUT);
            return ring.completionCount() == 1 && !FileVolume.isRefusal(ring.completionResult(0));
        }
    }

    /// Make a regular file longer, durably.
    void grow(long newSizeBytes) {
        if (path.blockDevice()) {
            throw new VolumeException(
                    Kind.UNSUPPORTED,
                    "size",
                    options.path() + " is a block device",
                    "resize the device itself, then rescan the volume");
        }
        if (options.readOnly()) {
            throw new VolumeException(Kind.DENIED, "size", "the volume is read-only", "open it writable");
        }
        if ((newSizeBytes & path.offsetAlignment() - 1) != 0) {
            throw new VolumeException(
                    Kind.INVALID,
                    "size",
                    newSizeBytes + " bytes is not a multiple of the device's block",
                    "choose a multiple of " + path.offsetAlignment());
        }
        int result = file.truncate(newSizeBytes);
        if (result == 0) {
            result = file.sync();
        }
        if (result < 0) {
            throw refused(options.path(), new LinuxException("ftruncate", -result, "size " + newSizeBytes));
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
