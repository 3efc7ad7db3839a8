package io.basalt.cli.cluster;

import io.basalt.cli.CommandException;
import io.basalt.cli.output.Style;
import java.io.Console;
import java.util.Locale;
import picocli.CommandLine.Option;

/// The options of commands that cannot be undone.
public final class Confirmation {
    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    /// Whether nothing may be done.
    public boolean dryRun() {
        return dryRun;
    }

    /// Ask.
    ///
    /// @param question what would be done, as a question
    /// @return whether it may be done
    /// @throws CommandException if there is nobody to ask and no `--yes`
    public boolean given(String question) {
        if (yes) {
            return true;
        }
        final Console console = Style.console()
                .orElseThrow(() -> CommandException.usage(
                        "this cannot be undone, and nobody can be asked",
                        "add --yes to do it, or --dry-run to see what"));
        final String answer = console.readLine("%s [y/N] ", question);
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
    }
}
