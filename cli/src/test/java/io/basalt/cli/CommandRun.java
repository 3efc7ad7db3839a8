package io.basalt.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/// A command run in this process: its exit code and what it printed.
///
/// @param code exit code
/// @param out standard output
/// @param err standard error
public record CommandRun(int code, String out, String err) {
    /// Run it.
    public static CommandRun of(String... words) {
        return of(List.of(words), List.of());
    }

    /// Run it with more options behind its own.
    public static CommandRun of(List<String> words, List<String> more) {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        final List<String> all = new ArrayList<>(words);
        all.addAll(more);
        final int code = command.execute(all.toArray(String[]::new));
        return new CommandRun(code, out.toString(), err.toString());
    }
}
