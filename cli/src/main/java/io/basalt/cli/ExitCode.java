package io.basalt.cli;

/// What the process's status says. Scripts rely on these numbers.
public final class ExitCode {
    /// Done.
    public static final int OK = 0;
    /// Tried, and failed.
    public static final int FAILED = 1;
    /// The command line is wrong.
    public static final int USAGE = 2;
    /// What was named does not exist.
    public static final int NOT_FOUND = 3;
    /// It exists already, or is in use.
    public static final int CONFLICT = 4;
    /// Nobody answers, or not in time.
    public static final int UNAVAILABLE = 5;
    /// `health`: something needs attention.
    public static final int HEALTH_WARN = 10;
    /// `health`: data cannot be reached or is in danger.
    public static final int HEALTH_ERR = 11;

    private ExitCode() {}
}
