package io.basalt.linux.process;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/// The kernel's constants and layouts for processes, threads and clocks, in the kernel's spelling.
public final class ProcessSpec {
    public static final int PR_SET_TIMERSLACK = 29;
    public static final int PR_GET_TIMERSLACK = 30;
    public static final int PR_SET_NO_NEW_PRIVS = 38;
    public static final int PR_GET_NO_NEW_PRIVS = 39;
    public static final int RLIMIT_NOFILE = 7;
    public static final int RLIMIT_MEMLOCK = 8;
    public static final int CLOCK_PROCESS_CPUTIME_ID = 2;

    static final StructLayout RLIMIT = MemoryLayout.structLayout(
                    JAVA_LONG.withName("rlim_cur"), JAVA_LONG.withName("rlim_max"))
            .withName("rlimit64");

    static final StructLayout TIMESPEC = MemoryLayout.structLayout(
                    JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"))
            .withName("timespec");

    private ProcessSpec() {}
}
