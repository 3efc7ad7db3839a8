package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.GateBox;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopCommandTest {
    @TempDir
    Path folder;

    @Test
    void showsReactorsAndDisks() {
        final Path data = folder.resolve("gate");
        try (GateBox box = new GateBox(data)) {
            box.ramDisk("vm1");
            final String socket = data.resolve("rpc.sock").toString();
            final CommandRun table = CommandRun.of("top", "--rpc-socket", socket, "--every", "20ms", "-n", "2");
            assertThat(table.code()).isEqualTo(ExitCode.OK);
            assertThat(table.out()).contains("REACTOR", "data-0", "data-1", "control", "vm1", "WRITES/S");
            final CommandRun json = CommandRun.of("top", "--rpc-socket", socket, "--every", "20ms", "-o", "json");
            assertThat(json.out()).contains("\"busy_percent\"", "\"reads_per_second\"");
            assertThat(CommandRun.of("top", "--rpc-socket", socket, "--every", "0")
                            .err())
                    .contains("--every");
        }
    }
}
