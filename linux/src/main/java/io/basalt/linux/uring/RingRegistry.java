package io.basalt.linux.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// What a ring knows beforehand: its own number, its files and buffers, its workers' processors; and what it
/// can do.
///
/// All calls are `io_uring_register` in the ring's owning thread and answer 0 or `-errno`, unless said
/// otherwise.
final class RingRegistry {
    private static final int OPCODES_MAX = 256;
    private static final int NO_RING = -1;

    private final int fd;
    private final BitSet opcodes = new BitSet(OPCODES_MAX);
    private int ring = NO_RING;

    RingRegistry(int fd) {
        this.fd = fd;
        probe();
        registerRing();
    }

    boolean supports(int opcode) {
        return opcodes.get(opcode);
    }

    /// The registered number of the ring in this thread, or -1 if the kernel gave none (before 5.18, or all 16
    /// taken).
    int ring() {
        return ring;
    }

    int filesSparse(int count) {
        return sparse(UringSpec.IORING_REGISTER_FILES2, count);
    }

    int buffersSparse(int count) {
        return sparse(UringSpec.IORING_REGISTER_BUFFERS2, count);
    }

    int updateFile(int slot, int file) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment files = arena.allocateFrom(JAVA_INT, file);
            final MemorySegment update = arena.allocate(UringSpec.RSRC_UPDATE);
            update.set(JAVA_INT, UringSpec.offset(UringSpec.RSRC_UPDATE, "offset"), slot);
            update.set(JAVA_LONG, UringSpec.offset(UringSpec.RSRC_UPDATE, "data"), files.address());
            return zeroOrErrno(register(UringSpec.IORING_REGISTER_FILES_UPDATE, update.address(), 1));
        }
    }

    int updateBuffer(int slot, long address, long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment vector = arena.allocate(UringSpec.IOVEC);
            vector.set(JAVA_LONG, UringSpec.offset(UringSpec.IOVEC, "iov_base"), length == 0 ? 0 : address);
            vector.set(JAVA_LONG, UringSpec.offset(UringSpec.IOVEC, "iov_len"), length);
            final MemorySegment update = arena.allocate(UringSpec.RSRC_UPDATE2);
            update.set(JAVA_INT, UringSpec.offset(UringSpec.RSRC_UPDATE2, "offset"), slot);
            update.set(JAVA_LONG, UringSpec.offset(UringSpec.RSRC_UPDATE2, "data"), vector.address());
            update.set(JAVA_INT, UringSpec.offset(UringSpec.RSRC_UPDATE2, "nr"), 1);
            return zeroOrErrno(
                    register(UringSpec.IORING_REGISTER_BUFFERS_UPDATE, update.address(), (int) update.byteSize()));
        }
    }

    int workerAffinity(BitSet processors) {
        if (processors.isEmpty()) {
            return (int) register(UringSpec.IORING_UNREGISTER_IOWQ_AFF, 0, 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment mask = arena.allocateFrom(JAVA_LONG, processors.toLongArray());
            return (int) register(UringSpec.IORING_REGISTER_IOWQ_AFF, mask.address(), (int) mask.byteSize());
        }
    }

    int workersMax(int bounded, int unbounded) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment counts = arena.allocateFrom(JAVA_INT, bounded, unbounded);
            return (int) register(UringSpec.IORING_REGISTER_IOWQ_MAX_WORKERS, counts.address(), 2);
        }
    }

    /// Gives back the registered number, which would otherwise keep the ring alive as long as its thread.
    void close() {
        if (ring == NO_RING) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment update = arena.allocate(UringSpec.RSRC_UPDATE);
            update.set(JAVA_INT, UringSpec.offset(UringSpec.RSRC_UPDATE, "offset"), ring);
            register(UringSpec.IORING_UNREGISTER_RING_FDS, update.address(), 1);
        }
        ring = NO_RING;
    }

    private void registerRing() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment update = arena.allocate(UringSpec.RSRC_UPDATE);
            final long offsetField = UringSpec.offset(UringSpec.RSRC_UPDATE, "offset");
            update.set(JAVA_INT, offsetField, -1);
            update.set(JAVA_LONG, UringSpec.offset(UringSpec.RSRC_UPDATE, "data"), fd);
            if (register(UringSpec.IORING_REGISTER_RING_FDS, update.address(), 1) == 1) {
                ring = update.get(JAVA_INT, offsetField);
            }
        }
    }

    private void probe() {
        final long head = UringSpec.PROBE.byteSize();
        final long size = UringSpec.PROBE_OP.byteSize();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment probe = arena.allocate(head + OPCODES_MAX * size, Long.BYTES);
            if (register(UringSpec.IORING_REGISTER_PROBE, probe.address(), OPCODES_MAX) < 0) {
                return;
            }
            final int count = probe.get(JAVA_BYTE, UringSpec.offset(UringSpec.PROBE, "ops_len")) & 0xff;
            final long flagsField = UringSpec.offset(UringSpec.PROBE_OP, "flags");
            for (int i = 0; i < count; i++) {
                final short flags = probe.get(JAVA_SHORT, head + i * size + flagsField);
                opcodes.set(i, (flags & UringSpec.IO_URING_OP_SUPPORTED) != 0);
            }
        }
    }

    private int sparse(int operation, int count) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment request = arena.allocate(UringSpec.RSRC_REGISTER);
            request.set(JAVA_INT, UringSpec.offset(UringSpec.RSRC_REGISTER, "nr"), count);
            request.set(
                    JAVA_INT,
                    UringSpec.offset(UringSpec.RSRC_REGISTER, "flags"),
                    UringSpec.IORING_RSRC_REGISTER_SPARSE);
            return (int) register(operation, request.address(), (int) request.byteSize());
        }
    }

    private long register(int operation, long argument, int count) {
        return Syscall.call(Syscall.IO_URING_REGISTER, fd, operation, argument, count);
    }

    private static int zeroOrErrno(long result) {
        return result < 0 ? (int) result : 0;
    }
}
