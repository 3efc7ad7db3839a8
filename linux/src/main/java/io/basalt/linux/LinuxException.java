package io.basalt.linux;

import java.io.Serial;

/// A kernel call that failed while something was being set up: which call, with what, and why.
///
/// Thrown on the control plane only. Calls on the data path answer `-errno` and never throw this.
public final class LinuxException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int errno;

    /// @param call the system call or operation
    /// @param errno the positive error number, or 0 if the failure has none
    /// @param attributes what the call was made with, for the operator
    public LinuxException(String call, int errno, String attributes) {
        super(message(call, errno, attributes));
        assert errno >= 0;
        this.errno = errno;
    }

    /// Passes a result on, or throws if it is a `-errno`.
    public static long check(String call, long result, String attributes) {
        if (result < 0) {
            throw new LinuxException(call, (int) -result, attributes);
        }
        return result;
    }

    /// The positive error number ([Errno]), or 0 if the failure has none.
    public int errno() {
        return errno;
    }

    private static String message(String call, int errno, String attributes) {
        return call + "(" + attributes + ") failed" + (errno == 0 ? "" : ": " + Errno.describe(errno));
    }
}
