package io.basalt.linux.process;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;

/// The identity of the running process and thread, and what they promise the kernel.
public final class ProcessControl {
    private ProcessControl() {}

    public static int processId() {
        return (int) Syscall.call(Syscall.GETPID);
    }

    /// The kernel's id of the calling platform thread.
    public static int threadId() {
        return (int) Syscall.call(Syscall.GETTID);
    }

    /// Gives up, for the calling thread and what it starts, all ways to gain privileges by running a program.
    /// No undo.
    public static void forbidNewPrivileges() {
        final long result = Syscall.call(Syscall.PRCTL, ProcessSpec.PR_SET_NO_NEW_PRIVS, 1);
        LinuxException.check("prctl PR_SET_NO_NEW_PRIVS", result, "1");
    }

    /// Whether the calling thread has given up gaining privileges.
    public static boolean newPrivilegesForbidden() {
        return Syscall.call(Syscall.PRCTL, ProcessSpec.PR_GET_NO_NEW_PRIVS) == 1;
    }

    /// Lets the kernel end the calling thread's waits up to so many nanoseconds late; at least 1, usually 50
    /// 000.
    public static void timerSlack(long slackNs) {
        final long result = Syscall.call(Syscall.PRCTL, ProcessSpec.PR_SET_TIMERSLACK, slackNs);
        LinuxException.check("prctl PR_SET_TIMERSLACK", result, slackNs + " ns");
    }

    /// By how many nanoseconds the kernel may end the calling thread's waits late.
    public static long timerSlack() {
        return Syscall.call(Syscall.PRCTL, ProcessSpec.PR_GET_TIMERSLACK);
    }
}
