package io.basalt.endtoend.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/// Real processes are killed, stopped and cut off while a guest writes, and the guest cannot tell but by the time it
/// takes.
class ChaosTest {
    @Test
    @Timeout(value = 45, unit = TimeUnit.MINUTES)
    void guestNoticesNothingOfKilledStoppedAndCutOffProcesses() {
        run("--kills=3", "--stops=1", "--power-cuts=1", "--proxy=3", "--wire=flip");
    }

    @Test
    @Tag("soak")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void guestNoticesNothingOfFiftyKills() {
        run("--kills=50", "--stops=10");
    }

    @Test
    @Tag("soak")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void nothingAcknowledgedIsLostInTwentyPowerCuts() {
        run("--power-cuts=20", "--durability=plp");
        run("--power-cuts=20", "--durability=fua");
    }

    @Test
    @Tag("soak")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void guestNeedsNoMetaserverForTenMinutes() {
        run("--meta-kills=1", "--meta-absent=10m");
    }

    @Test
    @Tag("soak")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void guestNoticesNothingOfAnythingThatHappensToConnections() {
        run("--proxy=60");
    }

    private static void run(String... options) {
        final StringWriter printed = new StringWriter();
        final PrintWriter out = new PrintWriter(printed, true);
        final CommandLine command = ChaosCommand.commandLine().setOut(out).setErr(out);
        final List<String> words = new ArrayList<>(List.of(options));
        final String seed = System.getProperty("basalt.seed", "");
        if (!seed.isEmpty()) {
            words.add("--seed=" + Long.decode(seed));
        }
        final int code = command.execute(words.toArray(String[]::new));
        System.out.println("basalt chaos " + String.join(" ", words) + "\n" + printed);
        assertThat(code)
                .as("basalt chaos %s%n%s", String.join(" ", words), printed)
                .isZero();
    }
}
