package io.basalt.cli.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.CommandException;
import io.basalt.cli.rest.RestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The walk through a cluster that the test plays, under time that it moves.
class UpgradeTest {
    @TempDir
    private Path folder = Path.of("");

    private final FakeCluster cluster = new FakeCluster();
    private final List<String> said = new ArrayList<>();

    @Test
    void metaserversComeFirstTheLeaderLastAndThenOneChunkServerAfterTheOther() {
        upgrade().run();
        assertThat(cluster.events)
                .containsExactly(
                        "restart META 1",
                        "restart META 3",
                        "transfer from 2",
                        "restart META 2",
                        "restart CHUNK chunk-1-a",
                        "restart CHUNK chunk-1-b",
                        "restart CHUNK chunk-1-c");
        assertThat(cluster.mostDown).as("processes down at once").isEqualTo(1);
        assertThat(said).hasSize(6).allMatch(line -> line.contains("back and in sync after"));
        assertThat(journal().exists()).isFalse();
    }

    @Test
    void nothingIsRestartedWhileSomethingIsWrong() {
        cluster.obstacles.add("PG_DEGRADED: 3 placement groups have fewer copies");
        assertThatThrownBy(() -> upgrade().run())
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("before metaserver 1")
                .hasMessageContaining("PG_DEGRADED")
                .hasMessageContaining("basalt health");
        assertThat(cluster.events).isEmpty();
        assertThat(journal().exists()).isFalse();
    }

    @Test
    void itStopsAtTheFirstThatDoesNotComeBackAndGoesOnThere() {
        cluster.staysAway = "chunk-1-b";
        assertThatThrownBy(() -> upgrade().run())
                .hasMessageContaining("chunk server chunk-1-b on b was restarted, but after 60 s")
                .hasMessageContaining("has not registered since");
        assertThat(cluster.events).endsWith("restart CHUNK chunk-1-b");

        cluster.events.clear();
        said.clear();
        assertThatThrownBy(() -> upgrade().run()).hasMessageContaining("chunk-1-b");
        assertThat(cluster.events).as("it is waited for, not restarted again").isEmpty();
        cluster.staysAway = "";
        cluster.up.put("chunk-1-b", cluster.nowMs);
        upgrade().run();
        assertThat(cluster.events).containsExactly("restart CHUNK chunk-1-c");
        assertThat(said).anyMatch(line -> line.startsWith("metaserver 1: was done before"));
        assertThat(journal().exists()).isFalse();
    }

    @Test
    void aCommandThatFailsIsGivenAgainUnlessTheProcessHasBegunAnewMeanwhile() {
        cluster.fails = "chunk-1-a";
        assertThatThrownBy(() -> upgrade().run())
                .hasMessageContaining("chunk server chunk-1-a on a was not restarted: no such host")
                .hasMessageContaining("[upgrade] restart_chunk");
        cluster.fails = "";
        cluster.events.clear();
        upgrade().run();
        assertThat(cluster.events).startsWith("restart CHUNK chunk-1-a", "restart CHUNK chunk-1-b");

        cluster.fails = "chunk-1-a";
        assertThatThrownBy(() -> upgrade().run()).hasMessageContaining("was not restarted");
        cluster.up.put("chunk-1-a", cluster.nowMs);
        cluster.fails = "";
        cluster.events.clear();
        upgrade().run();
        assertThat(cluster.events).startsWith("restart CHUNK chunk-1-b");
    }

    @Test
    void aMetaserverThatDoesNotAnswerForAMomentIsWaitedFor() {
        cluster.silentMs = 5_000;
        upgrade().run();
        assertThat(cluster.events).hasSize(7);
    }

    @Test
    void aJournalThatIsNoneIsNotGuessedAt() throws IOException {
        Files.writeString(folder.resolve("upgrade.json"), "{\"version\": 2}");
        assertThatThrownBy(() -> upgrade().run())
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("version 2")
                .hasMessageContaining("move it away");
        Files.writeString(folder.resolve("upgrade.json"), "{\"version\": 1, \"steps\": [{\"kind\": \"DISK\"}]}");
        assertThatThrownBy(() -> upgrade().run()).hasMessageContaining("cannot be read");
        assertThat(cluster.events).isEmpty();
    }

    @Test
    void theCommandKnowsWhomItIsFor() {
        final Member member = new Member(Member.Kind.CHUNK, "chunk-1-host7", "host7", "0.1.0", 1, true, false);
        assertThat(RestartCommand.of(" ssh {host}  systemctl restart basalt-chunk@{name} # {node}")
                        .wordsFor(member))
                .containsExactly("ssh", "host7", "systemctl", "restart", "basalt-chunk@1", "#", "chunk-1-host7");
        assertThat(new Member(Member.Kind.CHUNK, "chunk-a", "a", "", 1, true, false).instance())
                .isEqualTo("a");
        assertThatThrownBy(() -> RestartCommand.of("/bin/sh -c exit_{name}").run(member))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("status 127")
                .hasMessageContaining("exit_1");
    }

    @Test
    void aStepGoesOnlyWhereItMay() {
        assertThat(StepState.PLANNED.canBecome(StepState.DONE)).isFalse();
        assertThat(StepState.RESTARTING.canBecome(StepState.RESTARTING)).isTrue();
        assertThat(StepState.DONE.canBecome(StepState.PLANNED)).isFalse();
    }

    private Journal journal() {
        return new Journal(folder.resolve("upgrade.json"));
    }

    private Upgrade upgrade() {
        return new Upgrade(
                cluster,
                cluster::restart,
                journal(),
                new Upgrade.Time(() -> cluster.nowMs, ms -> cluster.nowMs += ms),
                60_000,
                said::add);
    }

    /// Three metaservers and three chunk servers. One that is restarted is away for three seconds.
    private static final class FakeCluster implements UpgradedCluster {
        private static final long AWAY_MS = 3_000;

        final List<String> events = new ArrayList<>();
        final List<String> obstacles = new ArrayList<>();
        final Map<String, Long> up = new LinkedHashMap<>();
        String staysAway = "";
        String fails = "";
        String leader = "2";
        long nowMs = 1_000_000;
        long silentMs;
        long silentUntilMs;
        int mostDown;

        FakeCluster() {
            for (final String host : List.of("a", "b", "c")) {
                up.put("chunk-1-" + host, 1L);
            }
            for (int id = 1; id <= 3; id++) {
                up.put(Integer.toString(id), 1L);
            }
        }

        void restart(Member member) throws IOException {
            if (member.name().equals(fails)) {
                throw new IOException("no such host");
            }
            events.add("restart " + member.kind() + " " + member.name());
            up.put(member.name(), member.name().equals(staysAway) ? Long.MAX_VALUE : nowMs + AWAY_MS);
            silentUntilMs = nowMs + silentMs;
            mostDown = Math.max(mostDown, down());
        }

        private int down() {
            return (int) up.values().stream().filter(since -> since > nowMs).count();
        }

        @Override
        public List<Member> members() {
            requireAnswer();
            final List<Member> members = new ArrayList<>();
            for (final String id : List.of("1", "2", "3")) {
                if (!id.equals(leader)) {
                    members.add(member(Member.Kind.META, id, ""));
                }
            }
            members.add(member(Member.Kind.META, leader, ""));
            for (final String host : List.of("a", "b", "c")) {
                members.add(member(Member.Kind.CHUNK, "chunk-1-" + host, host));
            }
            return members;
        }

        private Member member(Member.Kind kind, String name, String host) {
            final long since = up.getOrDefault(name, 0L);
            final boolean answers = since <= nowMs;
            return new Member(kind, name, host, "0.1.0", answers ? since : 1, answers, name.equals(leader));
        }

        @Override
        public List<String> obstacles() {
            requireAnswer();
            final List<String> all = new ArrayList<>(obstacles);
            up.forEach((name, since) -> {
                if (since > nowMs) {
                    all.add(name + " does not answer");
                }
            });
            return all;
        }

        @Override
        public void transferFrom(String metaserver) {
            events.add("transfer from " + metaserver);
            leader = "1";
        }

        private void requireAnswer() {
            if (nowMs < silentUntilMs) {
                throw new RestException(RestException.NO_ANSWER, "UNAVAILABLE", "nobody answers", "");
            }
        }
    }
}
