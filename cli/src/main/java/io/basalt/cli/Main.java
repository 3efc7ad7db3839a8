package io.basalt.cli;

import io.basalt.gate.rpc.RpcError;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/// The `basalt` command: its subcommands, and how failures become messages and exit codes.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 exists or in use, 5 nobody answers.
@Command(
        name = "basalt",
        mixinStandardHelpOptions = true,
        version = "basalt 0.1.0",
        description = "Block storage for virtual machines.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            GateCommand.class,
            RpcCommand.class,
            BenchCommand.class,
            HelpCommand.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed",
            "2:wrong usage",
            "3:not found",
            "4:exists already, or in use",
            "5:nobody answers",
        })
public final class Main {
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int NOT_FOUND = 3;
    static final int CONFLICT = 4;
    static final int UNAVAILABLE = 5;

    private static final int ENOENT = -2;
    private static final int ECONNREFUSED = -111;

    Main() {}

    /// Run a command and end the process with its exit code.
    public static void main(String[] arguments) {
        end(run(arguments));
    }

    /// End the process. If a signal asked for its end, status 0 stands for a clean one.
    static void end(int code) {
        System.out.flush();
        if (Termination.asked()) {
            Termination.cleaned(code);
        } else {
            System.exit(code);
        }
    }

    static int run(String... arguments) {
        return new CommandLine(new Main())
                .registerConverter(ByteSize.class, ByteSize::parse)
                .registerConverter(Seconds.class, Seconds::parse)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, _) -> {
                    command.getErr().println("basalt: " + message(failure));
                    command.getErr().flush();
                    return code(failure);
                })
                .execute(arguments);
    }

    private static String message(Exception failure) {
        final String text = failure.getMessage();
        return text == null ? failure.toString() : text;
    }

    private static int code(Exception failure) {
        if (failure instanceof IllegalArgumentException) {
            return USAGE;
        }
        if (!(failure instanceof RpcError error)) {
            return FAILED;
        }
        return switch (error.code()) {
            case RpcError.NO_DEVICE -> NOT_FOUND;
            case RpcError.EXISTS, RpcError.BUSY -> CONFLICT;
            case ENOENT, ECONNREFUSED -> UNAVAILABLE;
            case RpcError.METHOD_NOT_FOUND, RpcError.INVALID_PARAMETERS -> USAGE;
            default -> error.summary().equals("No such device") ? NOT_FOUND : FAILED;
        };
    }
}
