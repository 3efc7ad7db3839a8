package io.basalt.store.file;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileSpec;
import io.basalt.reactor.Reactor;
import java.util.random.RandomGenerator;

/// A device queue on a real file whose operations are cut short, interrupted, refused or told to come again, by
/// a seed.
final class FaultyQueue implements DeviceQueue, DeviceQueue.Completion {
    /// Refuses every way of clearing, the block device's own discard too.
    static final int ALL_MODES = FileSpec.FALLOC_FL_PUNCH_HOLE | FileSpec.FALLOC_FL_ZERO_RANGE;

    /// Which fallocate modes the device refuses; bits as in [FileSpec].
    private final int refusedModes;

    /// What every operation answers, or 0 for what it really did.
    private final int answer;

    private final RandomGenerator random;
    private final DeviceQueue.Completion above;
    private final DeviceQueue below;
    private final int[] forced = new int[FileVolumeChannel.TRANSFER_COUNT];

    private FaultyQueue(
            Reactor reactor,
            int fd,
            DeviceQueue.Completion above,
            RandomGenerator random,
            int refusedModes,
            int answer) {
        this.above = above;
        this.answer = answer;
        this.random = random;
        this.refusedModes = refusedModes;
        below = UringDeviceQueue.open(reactor, fd, this);
    }

    static DeviceQueue.Source source(RandomGenerator random, int refusedModes) {
        return (reactor, fd, completion) -> new FaultyQueue(reactor, fd, completion, random, refusedModes, 0);
    }

    /// A device that answers every operation with one error number.
    static DeviceQueue.Source answering(int errno) {
        return (reactor, fd, completion) -> new FaultyQueue(reactor, fd, completion, () -> 1L << 62, 0, -errno);
    }

    @Override
    public void completed(int token, int result) {
        final int instead = forced[token];
        forced[token] = 0;
        above.completed(token, answer != 0 ? answer : instead != 0 ? instead : result);
    }

    /// Now and then the operation, which will be done, is told to have been interrupted, so that it is done again.
    private void perhapsInterrupt(int token) {
        forced[token] = switch (random.nextInt(12)) {
            case 0 -> -Errno.EAGAIN;
            case 1 -> -Errno.EINTR;
            default -> 0;
        };
    }

    private boolean full() {
        return random.nextInt(10) == 0;
    }

    /// A real short transfer: less is asked of the kernel.
    private int cut(int length) {
        return length > 512 && random.nextInt(3) == 0 ? (1 + random.nextInt(length / 512)) * 512 : length;
    }

    @Override
    public boolean read(long address, int length, long offset, int buffer, int token) {
        if (full()) {
            return false;
        }
        perhapsInterrupt(token);
        return below.read(address, cut(length), offset, buffer, token);
    }

    @Override
    public boolean write(long address, int length, long offset, int buffer, boolean durable, int token) {
        if (full()) {
            return false;
        }
        perhapsInterrupt(token);
        return below.write(address, cut(length), offset, buffer, durable, token);
    }

    @Override
    public boolean readVector(long iovecs, int count, long offset, int buffer, int token) {
        if (full()) {
            return false;
        }
        perhapsInterrupt(token);
        return below.readVector(iovecs, 1 + random.nextInt(count), offset, buffer, token);
    }

    @Override
    public boolean writeVector(long iovecs, int count, long offset, int buffer, boolean durable, int token) {
        if (full()) {
            return false;
        }
        perhapsInterrupt(token);
        return below.writeVector(iovecs, 1 + random.nextInt(count), offset, buffer, durable, token);
    }

    @Override
    public boolean sync(int token) {
        if (full()) {
            return false;
        }
        perhapsInterrupt(token);
        return below.sync(token);
    }

    @Override
    public boolean allocate(int mode, long offset, long length, int token) {
        if (full()) {
            return false;
        }
        if ((mode & refusedModes) != 0) {
            forced[token] = -Errno.EOPNOTSUPP;
            return below.sync(token);
        }
        perhapsInterrupt(token);
        return below.allocate(mode, offset, length, token);
    }

    @Override
    public boolean discard(long offset, long length, int token) {
        if (full()) {
            return false;
        }
        if (refusedModes == ALL_MODES) {
            forced[token] = -Errno.EOPNOTSUPP;
            return below.sync(token);
        }
        perhapsInterrupt(token);
        return below.discard(offset, length, token);
    }

    @Override
    public FixedBuffers buffers() {
        return below.buffers();
    }

    @Override
    public boolean fixedVectors() {
        return below.fixedVectors();
    }

    @Override
    public void close() {
        below.close();
    }
}
