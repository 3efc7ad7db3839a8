package io.basalt.cli.why;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.CommandRun;
import io.basalt.cli.ExitCode;
import io.basalt.cli.bench.GateBox;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WhyCommandTest {
    @TempDir
    Path folder;

    @Test
    void asksAGate() {
        final Path data = folder.resolve("gate");
        try (GateBox box = new GateBox(data)) {
            box.ramDisk("vm1");
            final String socket = data.resolve("rpc.sock").toString();
            final CommandRun table = CommandRun.of("why", "vm1", "--rpc-socket", socket, "--for", "20ms");
            assertThat(table.code()).isEqualTo(ExitCode.OK);
            assertThat(table.out()).contains("vm1, in the last", "No reads.", "No writes.");
            final CommandRun json = CommandRun.of("why", "vm1", "--rpc-socket", socket, "--always", "-o", "json");
            assertThat(json.out()).contains("\"read\"", "\"stages\"", "\"slow\"");
            final CommandRun wrong = CommandRun.of("why", "vm2", "--rpc-socket", socket);
            assertThat(wrong.code()).isNotEqualTo(ExitCode.OK);
            assertThat(wrong.err()).contains("vm1");
        }
    }
}
