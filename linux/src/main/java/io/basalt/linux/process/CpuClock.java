package io.basalt.linux.process;

import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The processor time that a thread, or the whole process, has used. Any thread may read; reading allocates
/// nothing.
public final class CpuClock {
    /// What the kernel makes of a thread id to name that thread's clock: `~tid` above three bits that say "per
    /// thread, scheduler time".
    private static final int THREAD_CLOCK_BITS = 6;

    private static final int THREAD_CLOCK_SHIFT = 3;
    private static final long NS_PER_S = 1_000_000_000L;

    private static final ThreadLocal<MemorySegment> TIME =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ProcessSpec.TIMESPEC));

    private final int id;

    private CpuClock(int id) {
        this.id = id;
    }

    /// The clock of the calling platform thread, which other threads may read too.
    public static CpuClock ofThread() {
        return new CpuClock(~ProcessControl.threadId() << THREAD_CLOCK_SHIFT | THREAD_CLOCK_BITS);
    }

    /// The clock of all threads of this process together.
    public static CpuClock ofProcess() {
        return new CpuClock(ProcessSpec.CLOCK_PROCESS_CPUTIME_ID);
    }

    /// Processor time used so far in nanoseconds; -1 once the thread has ended.
    public long nowNs() {
        final MemorySegment time = TIME.get();
        if (Syscall.call(Syscall.CLOCK_GETTIME, id, time.address()) < 0) {
            return -1;
        }
        return time.get(ValueLayout.JAVA_LONG, 0) * NS_PER_S + time.get(ValueLayout.JAVA_LONG, Long.BYTES);
    }
}
