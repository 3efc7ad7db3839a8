package io.basalt.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// The list of commands in the help of `basalt`, by what they are about, one line each.
final class CommandGroups {
    private static final Map<String, List<String>> GROUPS = groups();

    private CommandGroups() {}

    private static Map<String, List<String>> groups() {
        final Map<String, List<String>> groups = new LinkedHashMap<>();
        groups.put(
                "Volumes",
                List.of(
                        "create",
                        "ls",
                        "info",
                        "resize",
                        "rm",
                        "du",
                        "qos",
                        "attach",
                        "detach",
                        "import",
                        "export",
                        "export-nbd"));
        groups.put(
                "Cluster",
                List.of("status", "health", "df", "node", "device", "set", "repair", "token", "meta", "upgrade"));
        groups.put("Run", List.of("demo", "serve", "gate", "top", "why", "config"));
        groups.put("Tools", List.of("check", "chunk", "rpc", "bench", "placement", "generate-completion", "help"));
        return groups;
    }

    /// Commands that have a place in a group.
    static List<String> known() {
        return GROUPS.values().stream().flatMap(List::stream).toList();
    }

    /// Have a command's help list its commands in groups.
    static CommandLine grouped(CommandLine command) {
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, _ -> "");
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandGroups::list);
        return command;
    }

    private static String list(Help help) {
        final StringBuilder text = new StringBuilder();
        GROUPS.forEach((group, names) -> {
            text.append(System.lineSeparator()).append(group).append(':').append(System.lineSeparator());
            for (final String name : names) {
                final CommandLine command = help.commandSpec().subcommands().get(name);
                if (command != null) {
                    text.append(
                            String.format(Locale.ROOT, "  %-20s %s%n", name, firstSentence(command.getCommandSpec())));
                }
            }
        });
        return text.toString();
    }

    private static String firstSentence(CommandSpec command) {
        final String[] header = command.usageMessage().header();
        final String[] description = command.usageMessage().description();
        final String text = header.length > 0 ? header[0] : description.length > 0 ? description[0] : "";
        final int end = text.indexOf(". ");
        return (end < 0 ? text : text.substring(0, end)).replaceAll("\\.$", "").replaceAll("%n.*", "");
    }
}
