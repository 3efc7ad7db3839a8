package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.Replica;
import io.basalt.meta.log.Replication;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.NodeAddress;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What only a log of several replicas does: leaders change, replicas come and go, snapshots travel.
@Timeout(900)
class QuorumLogTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    void aLeaderThatDiesIsReplacedAndNothingThatWasCommittedIsLost() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open();
            final LogOwner first = bed.leader();
            IntStream.range(0, 100).forEach(number -> first.append("entry " + number));
            bed.until("some are committed", () -> first.outcomes.contains("committed 50"));
            final long startNs = System.nanoTime();
            bed.stop(first);
            final LogOwner second = bed.leader();
            System.out.println("another replica leads after " + (System.nanoTime() - startNs) / 1_000_000 + " ms");
            second.append("after");
            bed.settle();

            final List<String> entries = second.reader.entries;
            assertThat(first.outcomes).doesNotContain("");
            for (int number = 0; number < first.outcomes.size(); number++) {
                final String outcome = first.outcomes.get(number);
                if (outcome.startsWith("committed ")) {
                    assertThat(entries.get(Integer.parseInt(outcome.substring(10)) - 1))
                            .isEqualTo("entry " + number);
                } else if (outcome.equals("rejected")) {
                    assertThat(entries).doesNotContain("entry " + number);
                }
            }
            assertThat(entries).endsWith("after").doesNotHaveDuplicates();
        }
    }

    /// One of three is dead, and the other lacks an entry of the leader that hears nobody for a moment, so that
    /// only that one can be elected: for as long as it stands back there is no leader.
    @Test
    void aLeaderThatHasHeardNobodyForAMomentSoonLeadsAgain() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open();
            final LogOwner leader = bed.leader();
            bed.settle();
            final List<LogOwner> others =
                    bed.replicas.stream().filter(each -> !each.equals(leader)).toList();
            others.forEach(bed::stop);
            leader.append("what the others lack");
            bed.until("it leads no more", () -> !leader.reader.leads);
            final long startNs = System.nanoTime();
            bed.open(bed.idOf(others.getFirst()), bed.members, false, false, null);
            assertThat(bed.leader()).isEqualTo(leader);
            System.out.println("it leads again after " + (System.nanoTime() - startNs) / 1_000_000 + " ms");
            leader.append("after");
            bed.settle();
            assertThat(leader.reader.entries).endsWith("after");
        }
    }

    @Test
    void aLeaderKnowsWhichCommandsAllOthersUnderstand() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open(1, 3);
            bed.open(2, 3);
            bed.open(3, 2);
            bed.leader();
            bed.until("all have announced themselves", () -> bed.replica(3).log.understood() == 3);
            assertThat(bed.replica(1).log.understood()).isEqualTo(2);
            assertThat(bed.replica(2).log.understood()).isEqualTo(2);
            bed.stop(bed.replica(3));
            bed.open(3, 3);
            bed.until(
                    "it has announced that it is newer now",
                    () -> bed.replica(1).log.understood() == 3
                            && bed.replica(2).log.understood() == 3);
        }
    }

    @Test
    void aFollowerTakesNothingAndKnowsWhereTheLeaderAnswers() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open();
            final LogOwner leader = bed.leader();
            final int leaderId = bed.idOf(leader);
            for (final LogOwner each : bed.replicas) {
                if (!each.equals(leader)) {
                    bed.until("the leader is known", () -> restOf(each.reader.leader) != null);
                    assertThat(restOf(each.reader.leader)).isEqualTo(QuorumBed.rest(leaderId));
                    each.append("refused");
                    bed.until("it ended", each::allEnded);
                    assertThat(each.outcomes).containsExactly("rejected");
                }
            }
            assertThat(leader.reader.entries).isEmpty();
        }
    }

    @Test
    void leadershipIsTransferredOnRequest() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open();
            final LogOwner first = bed.leader();
            first.append("before");
            bed.settle();
            final int next = bed.idOf(first) % 3 + 1;
            assertThat(change(bed, first, (replicas, reply) -> replicas.transfer(next, reply)))
                    .isEqualTo("done");
            bed.until("it leads", () -> bed.replica(next).reader.leads && !first.reader.leads);
            bed.replica(next).append("after");
            bed.settle();
            assertThat(bed.replica(next).reader.entries).containsExactly("before", "after");
        }
    }

    @Test
    void aNewReplicaWithAnEmptyFolderGetsASnapshotAndThenEveryEntry() {
        try (QuorumBed bed = new QuorumBed(folder, 1)) {
            bed.open(1, bed.members, false, false, new SnapshotFile(7, seed("a", "b")));
            final LogOwner leader = bed.leader();
            assertThat(leader.reader.lastIndex).isEqualTo(7);
            IntStream.range(0, 30).forEach(number -> {
                leader.append("entry " + number);
                bed.until("it ended", leader::allEnded);
            });
            final NodeAddress address =
                    new NodeAddress("127.0.0.1", QuorumBed.freePorts(1).getFirst());
            final SortedMap<Integer, NodeAddress> two = new TreeMap<>(bed.members);
            two.put(2, address);
            final LogOwner joining = bed.open(2, two, true, false, null);
            assertThat(change(bed, leader, (replicas, reply) -> replicas.add(2, address, reply)))
                    .isEqualTo("done");
            leader.append("last");
            bed.settle();
            assertThat(joining.reader.restores).isPositive();
            assertThat(joining.reader.entries)
                    .isEqualTo(leader.reader.entries)
                    .startsWith("a", "b", "entry 0")
                    .endsWith("last");
            assertThat(replication(leader).replicas()).extracting(Replica::id).containsExactly(1, 2);

            assertThat(change(bed, leader, (replicas, reply) -> replicas.remove(1, reply)))
                    .startsWith("CONFLICT id: replica 1 leads");
            assertThat(change(bed, leader, (replicas, reply) -> replicas.remove(2, reply)))
                    .isEqualTo("done");
            assertThat(replication(leader).replicas()).extracting(Replica::id).containsExactly(1);
            leader.append("alone");
            bed.until("it ended", leader::allEnded);
            assertThat(leader.reader.entries).endsWith("alone");
        }
    }

    @Test
    void aReplicaThatDoesNotUnderstandAnEntryStopsAndTheOthersGoOn() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open(1, bed.members, false, true, null);
            bed.open(2, bed.members, false, false, null);
            bed.open(3, bed.members, false, false, null);
            LogOwner leader = bed.leader();
            leader.append("known");
            bed.settle();
            if (leader.reader.old) {
                final LogOwner from = leader;
                change(bed, from, (replicas, reply) -> replicas.transfer(2, reply));
                bed.until("replica 2 leads", () -> bed.replica(2).reader.leads && !from.reader.leads);
                leader = bed.replica(2);
            }
            leader.append(RecordingReader.UNKNOWN + " newer");
            bed.until("the old replica has stopped", () -> bed.replica(1).reader.halted);
            assertThat(bed.replica(1).reader.entries).containsExactly("known");
            bed.stop(bed.replica(1));
            bed.leader().append("after");
            bed.settle();
            assertThat(bed.leader().reader.entries).containsExactly("known", "unknown: newer", "after");

            final LogOwner again = bed.open(1, bed.members, false, true, null);
            bed.until("it has stopped again", () -> again.reader.halted);
            bed.stop(again);
            final LogOwner upgraded = bed.open(1, bed.members, false, false, null);
            bed.until("it has caught up", () -> upgraded.reader.entries.size() == 3);
        }
    }

    @Test
    void anEntryThatIsNoneIsNotApplied() {
        assertThatThrownBy(() -> RaftEntry.of(new byte[] {2, 1}))
                .hasMessageContaining("version")
                .hasMessageContaining("2");
        final byte[] entry = RaftEntry.toBytes(new RaftEntry.Batch(1, 2, List.of(new byte[] {1, 2, 3})));
        for (int length = 0; length < entry.length; length++) {
            final byte[] cut = Arrays.copyOf(entry, length);
            assertThatThrownBy(() -> RaftEntry.of(cut)).isInstanceOf(RuntimeException.class);
        }
        entry[1] = 77;
        assertThatThrownBy(() -> RaftEntry.of(entry)).hasMessageContaining("kind: 77");
    }

    @Test
    void aPortThatIsTakenAndAListWithoutOneselfAreToldInWordsThatHelp() {
        try (QuorumBed bed = new QuorumBed(folder, 1)) {
            bed.open();
            final SortedMap<Integer, NodeAddress> same = new TreeMap<>();
            same.put(2, Objects.requireNonNull(bed.members.get(1)));
            assertThatThrownBy(() -> bed.open(2, same, false, false, null))
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("cannot listen on")
                    .hasMessageContaining("choose");
            assertThatThrownBy(() -> bed.options(3, same, false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("id: 3");
            bed.stopAll();
            final QuorumOptions other = QuorumOptions.of(
                    bed.options(1, bed.members, false).folder(),
                    QuorumBed.GROUP,
                    2,
                    same,
                    false,
                    QuorumBed.rest(2),
                    QuorumBed.rest(2));
            assertThatThrownBy(() -> QuorumLog.open(other, Runnable::run, 1, null))
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("is that of replica 1");
        }
    }

    @Test
    void aLogThatOthersWouldBeginWithoutIsNotConverted() {
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            assertThatThrownBy(() -> bed.open(1, bed.members, false, false, new SnapshotFile(1, new byte[1])))
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("alone");
        }
    }

    private static @Nullable NodeAddress restOf(@Nullable Replica replica) {
        return replica == null ? null : replica.rest();
    }

    private static byte[] seed(String... entries) {
        final RecordingReader reader = new RecordingReader(false);
        reader.entries.addAll(List.of(entries));
        return Objects.requireNonNull(reader.snapshot());
    }

    private static Replication replication(LogOwner owner) {
        return Objects.requireNonNull(owner.log.replication());
    }

    private static String change(QuorumBed bed, LogOwner leader, BiConsumer<Replication, MetaReply<Boolean>> wanted) {
        final String[] answer = {""};
        wanted.accept(replication(leader), new MetaReply<>() {
            @Override
            public void done(Boolean done) {
                answer[0] = "done";
            }

            @Override
            public void refused(MetaCode code, String reason) {
                answer[0] = code + " " + reason;
            }
        });
        bed.until("the change ended", () -> !answer[0].isEmpty());
        return answer[0];
    }
}
