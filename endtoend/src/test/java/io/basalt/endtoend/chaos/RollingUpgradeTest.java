package io.basalt.endtoend.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.chaos.load.GuestLoad;
import io.basalt.endtoend.chaos.load.HistoryCheck;
import io.basalt.endtoend.chaos.load.LoadShape;
import io.basalt.endtoend.chaos.load.Stalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `basalt upgrade` walks a cluster of real processes of the release before under a load of which every
/// answer is checked. It is killed on the way, begun again, and goes on where it was. The gate stays of
/// the old release, so that the two speak to each other all the time.
///
/// The command that restarts a process is a script that asks this test to.
@Timeout(2700)
class RollingUpgradeTest {
    private static final ClusterShape SHAPE = new ClusterShape(3, 2L << 30, "plp", false, 1);
    private static final LoadShape LOAD = new LoadShape(16, 50, 3, 4096, 64 << 20, 5);
    private static final Duration CALM = Duration.ofMinutes(5);
    private static final long BOUND_NS = 900_000_000_000L;
    private static final long PAUSE_NS = 20_000_000;
    private static final long MS_NS = 1_000_000;
    private static final long FIGURE_NS = 200_000_000;

    /// What no stall may exceed on a machine that does many other things and keeps processes waiting for seconds.
    private static final long STALL_BOUND_NS = 60_000_000_000L;

    private static final String SCRIPT = """
        touch "$1/ask-$2"
        until [ -e "$1/done-$2" ]; do
          [ -e "$1/ask-$2" ] || [ -e "$1/done-$2" ] || exit 1
          sleep 0.05
        done
        rm -f "$1/done-$2"
        """;

    @TempDir
    Path folder;

    private final Map<String, Stalls.Window> windows = new LinkedHashMap<>();
    private final Stalls stalls = new Stalls();
    private @Nullable Process upgrade;

    @AfterEach
    void endUpgrade() {
        if (upgrade != null) {
            upgrade.destroyForcibly();
        }
    }

    @Test
    void everyProcessIsReplacedWhileTheLoadGoesOnAndAnInterruptedUpgradeGoesOnWhereItWas() throws Exception {
        final Path history = folder.resolve("history.txt");
        final Path asks = Files.createDirectory(folder.resolve("asks"));
        Files.writeString(folder.resolve("restart.sh"), SCRIPT);
        final GuestLoad.Outcome outcome;
        try (ChaosCluster cluster = ChaosCluster.start(folder.resolve("cluster"), SHAPE, Release.previous())) {
            cluster.awaitCalm(CALM);
            final Path socket = cluster.serveVolume("vm1", LOAD.regionBytes());
            try (GuestLoad load = new GuestLoad(LOAD, socket, history, stalls)) {
                load.begin();

                final String first = upgrade(cluster, asks, "b");
                assertThat(first).contains("metaserver meta").doesNotContain("done:");
                final String second = upgrade(cluster, asks, "");

                assertThat(second)
                        .contains("chunk server chunk-a: was done before")
                        .contains("done: 4 processes were restarted");
                for (final String name : List.of(ChaosCluster.META, "a", "b", "c")) {
                    assertThat(cluster.daemon(name).starts()).as(name).isEqualTo(2);
                }
                cluster.awaitCalm(CALM);
                load.drain(BOUND_NS);
                load.readBack(BOUND_NS);
                outcome = load.finish();
            }
            assertThat(ChaosCluster.command("health", "--config=" + cluster.settings()))
                    .isNotEmpty();
            assertThat(cluster.terminateAll()).as("did not end cleanly").isEmpty();
            cluster.compareCopies();
        }
        final HistoryCheck.Result checked = HistoryCheck.run(history);
        assertThat(checked.findings()).isEmpty();
        assertThat(outcome.errors()).isZero();
        assertThat(outcome.wrongs()).isEmpty();
        tell(outcome);
    }

    /// Run `basalt upgrade`, and restart what it wants restarted.
    ///
    /// @param last at whose turn it is killed, before that process is restarted; empty for never
    /// @return what it printed
    private String upgrade(ChaosCluster cluster, Path asks, String last) throws IOException, InterruptedException {
        final Path log = Files.createTempFile(folder, "upgrade", ".log");
        final String restart = "sh " + folder.resolve("restart.sh") + " " + asks + " ";
        final Process running = new ProcessBuilder(Release.THIS.command(List.of(
                        "upgrade",
                        "--yes",
                        "--restart-meta=" + restart + "meta",
                        "--restart-chunk=" + restart + "{name}",
                        "--config=" + cluster.settings())))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        upgrade = running;
        final long endNs = System.nanoTime() + BOUND_NS;
        while (running.isAlive()) {
            assertThat(System.nanoTime() - endNs)
                    .as("the upgrade does not end:%n%s", Files.readString(log))
                    .isNegative();
            for (final String name : asked(cluster, asks)) {
                if (name.equals(last)) {
                    running.destroyForcibly().waitFor();
                    Files.delete(asks.resolve("ask-" + name));
                    return Files.readString(log);
                }
                replace(cluster, name);
                Files.createFile(asks.resolve("done-" + name));
                Files.delete(asks.resolve("ask-" + name));
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
        assertThat(running.exitValue()).as("%s", Files.readString(log)).isZero();
        return Files.readString(log);
    }

    private static List<String> asked(ChaosCluster cluster, Path asks) {
        final List<String> names = new ArrayList<>(cluster.chunkServers());
        names.add(ChaosCluster.META);
        names.removeIf(name -> !Files.exists(asks.resolve("ask-" + name)));
        return names;
    }

    private void replace(ChaosCluster cluster, String name) throws IOException {
        windows.put(name + " stops", stalls.begin(true));
        final DaemonProcess daemon = cluster.daemon(name);
        assertThat(daemon.terminate()).as(name + " ends cleanly").isTrue();
        daemon.release(Release.THIS);
        windows.put(name + " returns", stalls.begin(false));
        daemon.start();
        daemon.awaitReady();
    }

    private void tell(GuestLoad.Outcome outcome) {
        final StringBuilder text = new StringBuilder();
        long longestNs = 0;
        for (final Map.Entry<String, Stalls.Window> each : windows.entrySet()) {
            longestNs = Math.max(longestNs, each.getValue().longestNs());
            text.append(String.format(
                    Locale.ROOT, "; %s %d ms", each.getKey(), each.getValue().longestNs() / MS_NS));
        }
        System.out.printf(
                "rolling upgrade of 4 processes under %d verified requests: longest stall %d ms (goal %d)%s%n",
                outcome.requests(), longestNs / MS_NS, FIGURE_NS / MS_NS, text);
        assertThat(longestNs).isLessThan(STALL_BOUND_NS);
    }
}
