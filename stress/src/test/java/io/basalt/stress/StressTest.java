package io.basalt.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs every stress test for a short time in virtual machines of their own. For longer:
/// `-Dbasalt.stress.mode=tough -Dbasalt.stress.iterations=50`.
class StressTest {
    private static final String MODE = System.getProperty("basalt.stress.mode", "quick");
    private static final String ITERATIONS = System.getProperty("basalt.stress.iterations", "3");
    private static final String MAIN = "org.openjdk.jcstress.Main";
    private static final String SUMMARY = "RUN RESULTS";
    private static final Pattern PASSED = Pattern.compile("; (\\d+) passed");
    private static final int TWO_ACTOR_TESTS = 10;
    private static final long PATIENCE_MINUTES = 60;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by the test engine
    Path folder;

    @Test
    void noForbiddenOutcomeIsSeen() throws IOException, InterruptedException {
        final Path output = folder.resolve("output");
        final Process process = new ProcessBuilder(command())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        final boolean ended = process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        final List<String> lines = Files.readAllLines(output);
        final String summary = String.join(System.lineSeparator(), summary(lines));
        System.out.println(summary);
        assertThat(ended).as("ended within %d minutes", PATIENCE_MINUTES).isTrue();
        assertThat(process.exitValue()).as("exit status%n%s", summary).isZero();
        assertThat(lines).as(summary).anyMatch(line -> line.contains("Failed tests: No matches."));
        assertThat(lines).as(summary).anyMatch(line -> line.contains("Error tests: No matches."));
        assertThat(passed(lines)).as("tests that passed%n%s", summary).isGreaterThanOrEqualTo(TWO_ACTOR_TESTS);
    }

    /// The number of tests that passed by the last progress line. Tests of three actors run only where there are
    /// three processors.
    private static int passed(List<String> lines) {
        int passed = 0;
        for (final String line : lines) {
            final Matcher matcher = PASSED.matcher(line);
            if (matcher.find()) {
                passed = Integer.parseInt(matcher.group(1));
            }
        }
        return passed;
    }

    private List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                MAIN,
                "-t",
                "io.basalt.stress",
                "-m",
                MODE,
                "-f",
                "1",
                "-iters",
                ITERATIONS,
                "-sc",
                "false",
                "-jvmArgs",
                "-ea --enable-native-access=ALL-UNNAMED",
                "-r",
                folder.resolve("report").toString());
    }

    /// What could be scheduled and what came of it; everything if it never came to that.
    private static List<String> summary(List<String> lines) {
        for (int line = 0; line < lines.size(); line++) {
            if (lines.get(line).contains(SUMMARY)) {
                final List<String> summary = new ArrayList<>(lines.subList(line, lines.size()));
                summary.addFirst("stress tests that passed: " + passed(lines));
                lines.stream()
                        .filter(each -> each.contains("these tests would not run"))
                        .forEach(each -> summary.addFirst("tests of three actors: " + each.strip()));
                return summary;
            }
        }
        return lines;
    }
}
