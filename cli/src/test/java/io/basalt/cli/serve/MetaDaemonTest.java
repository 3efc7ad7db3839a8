package io.basalt.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.CommandRun;
import io.basalt.cli.config.Configuration;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands against a real metaserver, so that both sides mean the same by the same names.
class MetaDaemonTest {
    @TempDir
    Path folder;

    private MetaDaemon meta;

    @BeforeEach
    void start() {
        meta = MetaDaemon.start(Configuration.load(
                null,
                Map.of(),
                Map.of(
                        "data",
                        folder.toString(),
                        "meta.listen",
                        "127.0.0.1:0",
                        "meta.nodes_listen",
                        "127.0.0.1:0",
                        "meta.pg_count",
                        "64")));
    }

    @AfterEach
    void stop() {
        meta.close();
    }

    private CommandRun run(String... words) {
        return CommandRun.of(List.of(words), List.of("--url", meta.server().restUrl(), "-c", "data=" + folder));
    }

    @Test
    void describesAnEmptyCluster() {
        assertThat(meta.ready()).contains(meta.server().restUrl(), folder + "/meta/token");
        assertThat(run("status").out())
                .contains("HEALTH_WARN", "chunk  0/0 up", "64 placement groups: 0 % clean in 1 set")
                .contains("SET_NOT_LAID_OUT");
        assertThat(run("health").code()).isEqualTo(10);
        assertThat(run("set", "ls").out()).containsPattern("default +0 +3 +host +64 +0 ");
        assertThat(run("df", "-o", "name").out()).isEqualTo("default\n");
        assertThat(run("ls").out()).startsWith("no volumes yet");
        assertThat(run("node", "ls").out()).startsWith("no nodes yet");
        assertThat(run("device", "ls").out()).startsWith("no devices yet");
    }

    @Test
    void aVolumeNeedsPlacesForItsCopies() {
        final CommandRun run = run("create", "vm1", "-s", "20G");

        assertThat(run.code()).isEqualTo(4);
        assertThat(run.err()).contains("3 copies", "start chunk servers");
    }

    @Test
    void changesSetsAndTokens() {
        assertThat(run("set", "change", "default", "--min-copies", "1", "--overcommit", "300")
                        .out())
                .isEqualTo("set default: writes need 1 copies, at most 300 % provisioned\n");
        assertThat(run("set", "create", "cold", "--copies", "2").out()).isEqualTo("created set cold\n");
        assertThat(run("set", "create", "cold", "--copies", "2", "--if-not-exists")
                        .code())
                .isZero();
        assertThat(run("set", "info", "cold").out()).contains("2 copies, one per host", "not laid out yet");
        assertThat(run("token", "create", "ci", "--read-only").out()).hasSizeGreaterThan(32);
        assertThat(run("token", "ls").out()).containsPattern("ci +look");
        assertThat(run("token", "rm", "ci", "--yes").code()).isZero();
        assertThat(run("set", "info", "clod").err()).contains("did you mean 'cold'?");
    }

    @Test
    void refusesAWrongToken() {
        final CommandRun run = CommandRun.of("ls", "--url", meta.server().restUrl(), "-c", "data=/nowhere");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("wants a token", "/nowhere/meta/token");
    }
}
