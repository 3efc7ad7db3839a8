package io.basalt.linux.process;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/// The processors that the calling thread may run on. Call from a platform thread.
public final class CpuAffinity {
    private static final int PROCESSORS_MAX = 8192;

    private CpuAffinity() {}

    /// Keeps the calling thread on one processor.
    ///
    /// @throws LinuxException if there is no such processor, or this process may not use it
    public static void pin(int processor) {
        final BitSet one = new BitSet();
        one.set(processor);
        set(one);
    }

    /// Keeps the calling thread on these processors.
    ///
    /// @throws LinuxException if none of them exists and may be used
    public static void set(BitSet processors) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment mask = arena.allocateFrom(ValueLayout.JAVA_LONG, processors.toLongArray());
            final long result = Syscall.call(Syscall.SCHED_SETAFFINITY, 0, mask.byteSize(), mask.address());
            LinuxException.check("sched_setaffinity", result, "processors " + processors);
        }
    }

    /// The processors that the calling thread may run on now.
    public static BitSet current() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment mask = arena.allocate(PROCESSORS_MAX / Byte.SIZE, Long.BYTES);
            final long bytes = Syscall.call(Syscall.SCHED_GETAFFINITY, 0, mask.byteSize(), mask.address());
            LinuxException.check("sched_getaffinity", bytes, "this thread");
            return BitSet.valueOf(mask.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE));
        }
    }
}
