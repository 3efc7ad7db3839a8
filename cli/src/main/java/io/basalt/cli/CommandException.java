package io.basalt.cli;

import java.io.Serial;
import java.util.Locale;

/// A command that could not be done: what happened, why, and what to run next. Its message has all three, each
/// that is known on a line of its own.
public final class CommandException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final int exitCode;
    private final String hint;

    /// @param exitCode see [ExitCode]
    /// @param what what could not be done, and why
    /// @param hint what to run next; may be empty
    public CommandException(int exitCode, String what, String hint) {
        super(hint.isEmpty() ? what : what + System.lineSeparator() + "  " + hint);
        this.exitCode = exitCode;
        this.hint = hint;
    }

    /// The command line asks for something that makes no sense.
    public static CommandException usage(String what, String hint) {
        return new CommandException(ExitCode.USAGE, what, hint);
    }

    /// What was named does not exist.
    ///
    /// @param kind such as `volume`
    public static CommandException notFound(String kind, String name, String hint) {
        return new CommandException(
                ExitCode.NOT_FOUND, String.format(Locale.ROOT, "there is no %s '%s'", kind, name), hint);
    }

    /// Status for the process.
    public int exitCode() {
        return exitCode;
    }

    /// What to run next, or empty.
    public String hint() {
        return hint;
    }
}
