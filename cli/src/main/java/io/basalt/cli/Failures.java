package io.basalt.cli;

import io.basalt.cli.rest.RestException;
import io.basalt.gate.rpc.RpcError;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// How what went wrong becomes a message and an exit code.
final class Failures {
    /// What the parser says when a command is named without one of its own.
    private static final String NO_SUBCOMMAND = "Missing required subcommand";
    private static final int ENOENT = -2;
    private static final int ECONNREFUSED = -111;
    private static final int ETIMEDOUT = -110;
    private static final int CONNECTION_RESET = -104;
    private static final int BAD_REQUEST = 400;
    private static final int TOO_MANY = 429;
    private static final int UNAVAILABLE = 503;

    private Failures() {}

    /// A command failed: what, why, and what to run next.
    static int report(Exception failure, CommandLine command) {
        final PrintWriter err = command.getErr();
        err.println("basalt: " + message(failure));
        err.flush();
        return code(failure);
    }

    /// The command line is wrong: what, and what may have been meant.
    static int misused(ParameterException failure) {
        final CommandLine command = failure.getCommandLine();
        final PrintWriter err = command.getErr();
        final String line = String.valueOf(failure.getMessage());
        err.println("basalt: " + line);
        if (failure instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            final String guess =
                    Suggestion.of(unmatched.getUnmatched().getFirst(), words(command.getCommandSpec()), "");
            if (!guess.isEmpty()) {
                err.println("  " + guess);
            }
        }
        if (line.equals(NO_SUBCOMMAND)) {
            err.println("  give one of: "
                    + String.join(", ", new TreeSet<>(command.getSubcommands().keySet())));
        }
        err.println("  see: " + command.getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return ExitCode.USAGE;
    }

    /// Everything that may stand in a command line of this command.
    private static List<String> words(CommandSpec spec) {
        final List<String> words = new ArrayList<>(spec.subcommands().keySet());
        spec.options().forEach(option -> words.addAll(List.of(option.names())));
        return words;
    }

    private static String message(Exception failure) {
        return switch (failure) {
            case RpcError error -> lines(error.field(), error.reason(), error.summary(), error.hint());
            case RestException error -> lines("", error.reason(), "", error.hint());
            case NoSuchFileException missing -> missing.getFile() + ": there is no such file or folder";
            case AccessDeniedException denied -> denied.getFile() + ": this user may not; look at its permissions";
            default -> failure.getMessage() == null ? failure.toString() : failure.getMessage();
        };
    }

    private static String lines(String field, String reason, String summary, String hint) {
        final String what = reason.isEmpty() ? summary : field.isEmpty() ? reason : field + ": " + reason;
        return hint.isEmpty() ? what : what + System.lineSeparator() + "  " + hint;
    }

    private static int code(Exception failure) {
        return switch (failure) {
            case CommandException known -> known.exitCode();
            case RestException error -> code(error);
            case RpcError error -> code(error);
            case IllegalArgumentException _ -> ExitCode.USAGE;
            case NoSuchFileException _ -> ExitCode.NOT_FOUND;
            default -> ExitCode.FAILED;
        };
    }

    private static int code(RestException error) {
        if (error.notFound()) {
            return ExitCode.NOT_FOUND;
        }
        if (error.conflict()) {
            return ExitCode.CONFLICT;
        }
        return switch (error.status()) {
            case RestException.NO_ANSWER, TOO_MANY, UNAVAILABLE -> ExitCode.UNAVAILABLE;
            case BAD_REQUEST -> ExitCode.USAGE;
            default -> ExitCode.FAILED;
        };
    }

    private static int code(RpcError error) {
        return switch (error.code()) {
            case RpcError.NO_DEVICE -> ExitCode.NOT_FOUND;
            case RpcError.EXISTS, RpcError.BUSY -> ExitCode.CONFLICT;
            case ENOENT -> error.field().equals("socket") ? ExitCode.UNAVAILABLE : ExitCode.NOT_FOUND;
            case ECONNREFUSED, ETIMEDOUT, CONNECTION_RESET -> ExitCode.UNAVAILABLE;
            case RpcError.METHOD_NOT_FOUND, RpcError.INVALID_PARAMETERS -> ExitCode.USAGE;
            default -> error.summary().equals("No such device") ? ExitCode.NOT_FOUND : ExitCode.FAILED;
        };
    }
}
