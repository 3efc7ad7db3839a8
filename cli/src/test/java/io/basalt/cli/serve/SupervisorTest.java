package io.basalt.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.config.Configuration;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
    @TempDir
    Path folder;

    private final StringWriter said = new StringWriter();
    private final CompletableFuture<Integer> failed = new CompletableFuture<>();

    private static Process shell(List<String> arguments) throws IOException {
        return new ProcessBuilder("sh", "-c", String.join(" ", arguments)).start();
    }

    @Test
    void aDaemonThatCannotRunEndsEverythingWithItsStatus() throws Exception {
        final Supervisor supervisor = new Supervisor(SupervisorTest::shell, new PrintWriter(said), failed);

        supervisor.start("meta", List.of("exit 3"));

        assertThat(failed.get(120, TimeUnit.SECONDS)).isEqualTo(3);
        supervisor.stop();
    }

    @Test
    void stopsEverythingInReverseOrder() throws Exception {
        final Path order = folder.resolve("order");
        final Supervisor supervisor = new Supervisor(SupervisorTest::shell, new PrintWriter(said), failed);
        for (final String name : List.of("meta", "chunk", "gate")) {
            final Path ready = folder.resolve(name);
            supervisor.start(
                    name,
                    List.of("trap 'echo " + name + " >> " + order + "; exit 0' TERM; touch " + ready
                            + "; while true; do sleep 0.01; done"));
            awaitFile(ready);
        }

        supervisor.stop();

        assertThat(Files.readAllLines(order)).containsExactly("gate", "chunk", "meta");
        assertThat(failed).isNotDone();
    }

    private static void awaitFile(Path file) {
        final long endNs = System.nanoTime() + 120_000_000_000L;
        while (!Files.exists(file)) {
            assertThat(System.nanoTime() - endNs).as("waiting for " + file).isNegative();
            Thread.onSpinWait();
        }
    }

    @Test
    void runsWhatTheSettingsHaveTablesFor() throws IOException {
        final Path file = Files.writeString(folder.resolve("b.toml"), """
            [meta]
            copies = 1
            [chunk.b]
            class = "ssd"
            [chunk.a]
            class = "ssd"
            [gate]
            idle = "poll"
            """);

        final Map<String, List<String>> daemons =
                ServeCommand.daemons(Configuration.load(file, Map.of(), Map.of("data", "/srv/z")));

        assertThat(daemons.keySet()).containsExactly("meta", "chunk a", "chunk b", "gate");
        assertThat(daemons.get("chunk a"))
                .containsExactly("serve", "chunk", "a", "--config=" + file.toAbsolutePath(), "-c", "data=/srv/z");
        assertThat(ChildJvm.command(List.of("serve", "meta")))
                .contains("-ea", "io.basalt.cli.Main", "-Xms512m")
                .endsWith("serve", "meta");
        assertThat(ChildJvm.command(List.of("serve", "gate")))
                .as("a gate's memory is what its guests wait for when it is killed")
                .contains("-Xms96m")
                .doesNotContain("-Xms512m");
    }
}
