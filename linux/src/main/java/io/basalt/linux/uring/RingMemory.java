package io.basalt.linux.uring;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A ring as the kernel made it: its descriptor, its two mappings, and where in them each field lies.
///
/// [#open] asks for the best kind of ring first and steps down for older kernels; which one it got is in
/// [#setupFlags].
final class RingMemory {
    /// Entries asked for in the completion queue per entry of the submission queue.
    private static final int COMPLETIONS_PER_SUBMISSION = 4;

    private static final int BASE = UringSpec.IORING_SETUP_CQSIZE | UringSpec.IORING_SETUP_CLAMP;

    /// From the kind wanted (Linux 6.1) down to the one every supported kernel has.
    static final List<Integer> KINDS = List.of(
            BASE
                    | UringSpec.IORING_SETUP_SUBMIT_ALL
                    | UringSpec.IORING_SETUP_TASKRUN_FLAG
                    | UringSpec.IORING_SETUP_SINGLE_ISSUER
                    | UringSpec.IORING_SETUP_DEFER_TASKRUN,
            BASE
                    | UringSpec.IORING_SETUP_SUBMIT_ALL
                    | UringSpec.IORING_SETUP_TASKRUN_FLAG
                    | UringSpec.IORING_SETUP_COOP_TASKRUN,
            BASE);

    private static final int REQUIRED =
            UringSpec.IORING_FEAT_SINGLE_MMAP | UringSpec.IORING_FEAT_NODROP | UringSpec.IORING_FEAT_EXT_ARG;

    final FileDescriptor descriptor;
    final Mapping rings;
    final Mapping entries;
    final int setupFlags;
    final int sqEntries;
    final int cqEntries;
    final long sqHead;
    final long sqTail;
    final long sqFlags;
    final long sqArray;
    final long cqHead;
    final long cqTail;
    final long cqes;

    private RingMemory(FileDescriptor descriptor, MemorySegment params) {
        this.descriptor = descriptor;
        setupFlags = field(params, "flags");
        final int features = field(params, "features");
        if ((features & REQUIRED) != REQUIRED) {
            throw new LinuxException(
                    "io_uring_setup", Errno.ENOSYS, "kernel features 0x" + Integer.toHexString(features) + " too old");
        }
        sqEntries = field(params, "sq_entries");
        cqEntries = field(params, "cq_entries");
        sqHead = field(params, "sq_off", "head");
        sqTail = field(params, "sq_off", "tail");
        sqFlags = field(params, "sq_off", "flags");
        sqArray = field(params, "sq_off", "array");
        cqHead = field(params, "cq_off", "head");
        cqTail = field(params, "cq_off", "tail");
        cqes = field(params, "cq_off", "cqes");
        final long ringBytes =
                Math.max(sqArray + (long) sqEntries * Integer.BYTES, cqes + cqEntries * UringSpec.CQE.byteSize());
        final int fd = descriptor.number();
        rings = Mapping.ofFilePopulated(fd, UringSpec.IORING_OFF_SQ_RING, ringBytes, true);
        try {
            final long entryBytes = sqEntries * UringSpec.SQE.byteSize();
            entries = Mapping.ofFilePopulated(fd, UringSpec.IORING_OFF_SQES, entryBytes, true);
        } catch (LinuxException e) {
            rings.close();
            throw e;
        }
    }

    /// Sets up a ring with at least `sqEntries` submission entries (the kernel rounds up to a power of two and
    /// clamps).
    ///
    /// @param kinds the setup flags to try in turn, best first; usually [#KINDS]
    /// @throws LinuxException if the kernel has no io_uring, forbids it, or is older than 5.11
    static RingMemory open(int sqEntries, List<Integer> kinds) {
        try (Arena arena = Arena.ofConfined()) {
            long result = -Errno.EINVAL;
            for (final int kind : kinds) {
                final MemorySegment params = arena.allocate(UringSpec.PARAMS);
                params.set(ValueLayout.JAVA_INT, offset("flags"), kind);
                params.set(ValueLayout.JAVA_INT, offset("cq_entries"), sqEntries * COMPLETIONS_PER_SUBMISSION);
                result = Syscall.call(Syscall.IO_URING_SETUP, sqEntries, params.address());
                if (result >= 0) {
                    return open(FileDescriptor.adopt((int) result), params);
                }
                if (result != -Errno.EINVAL) {
                    break;
                }
            }
            throw new LinuxException("io_uring_setup", (int) -result, "entries " + sqEntries);
        }
    }

    private static RingMemory open(FileDescriptor descriptor, MemorySegment params) {
        try {
            return new RingMemory(descriptor, params);
        } catch (LinuxException e) {
            descriptor.close();
            throw e;
        }
    }

    void close() {
        rings.close();
        entries.close();
        descriptor.close();
    }

    private static long offset(String name) {
        return UringSpec.offset(UringSpec.PARAMS, name);
    }

    private static int field(MemorySegment params, String name) {
        return params.get(ValueLayout.JAVA_INT, offset(name));
    }

    private static int field(MemorySegment params, String group, String name) {
        final long offset =
                UringSpec.PARAMS.byteOffset(PathElement.groupElement(group), PathElement.groupElement(name));
        return params.get(ValueLayout.JAVA_INT, offset);
    }
}
