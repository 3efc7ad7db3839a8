package io.basalt.cli.cluster;

import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.RestClient;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/// `basalt health`: what needs attention, and what to do about it. Its exit code says it too.
@Command(
        name = "health",
        mixinStandardHelpOptions = true,
        description = "Show what needs attention: code, what, impact, and what to do.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all is well", "5:nobody answers", "10:something needs attention", "11:something is wrong"})
public final class HealthCommand extends ClusterCommand {
    @Override
    protected int run(RestClient client) {
        final JsonNode answer = client.get("/v1/health");
        final String health = "HEALTH_" + answer.path("health").stringValue("ERR");
        output().one(answer, health, text(health, answer.path("checks"), output().style()));
        return switch (health) {
            case "HEALTH_OK" -> ExitCode.OK;
            case "HEALTH_WARN" -> ExitCode.HEALTH_WARN;
            default -> ExitCode.HEALTH_ERR;
        };
    }

    private static String text(String health, JsonNode checks, Style style) {
        final List<String> lines = new ArrayList<>();
        lines.add(StatusReport.painted(health, style));
        for (final JsonNode check : checks) {
            final boolean bad = Texts.text(check, "severity").equals("ERR");
            final String code = Texts.text(check, "code");
            lines.add("  " + (bad ? style.bad(code) : style.warn(code)) + "  " + Texts.text(check, "what"));
            lines.add("    impact  " + Texts.text(check, "impact"));
            lines.add("    fix     " + Texts.text(check, "fix"));
        }
        return String.join(System.lineSeparator(), lines);
    }
}
