package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.log.MetaLog;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every [MetaLog] promises, whatever keeps it.
@Timeout(900)
abstract class MetaLogContract {
    @TempDir
    private Path folder = Path.of("");

    /// A log that takes a snapshot now and then.
    abstract LogBed bed(Path where);

    @Test
    void entriesAreReadInTheOrderInWhichTheyWereAppendedByEveryReplica() {
        try (LogBed bed = bed(folder)) {
            bed.open();
            final LogOwner leader = bed.leader();
            IntStream.range(0, 500).forEach(number -> leader.append("entry " + number));
            bed.settle();
            assertThat(leader.outcomes).startsWith("committed 1").endsWith("committed 500");
            for (final LogOwner each : bed.replicas) {
                assertThat(each.reader.entries)
                        .hasSize(500)
                        .startsWith("entry 0")
                        .endsWith("entry 499");
                assertThat(each.reader.entries).isEqualTo(leader.reader.entries);
            }
        }
    }

    @Test
    void whatWasCommittedComesBackAfterARestartAndIndexesGoOn() {
        try (LogBed bed = bed(folder)) {
            bed.open();
            final LogOwner first = bed.leader();
            IntStream.range(0, 40).forEach(number -> {
                first.append("entry " + number);
                bed.until("it ended", first::allEnded);
            });
            bed.restart();
            final LogOwner second = bed.leader();
            assertThat(second.reader.lastIndex).isEqualTo(40);
            assertThat(second.reader.entries).hasSize(40).startsWith("entry 0").endsWith("entry 39");
            second.append("after");
            bed.settle();
            assertThat(second.outcomes).containsExactly("committed 41");
        }
    }

    @Test
    void aReplicaLeadsOnlyAfterItHasReadWhatWasCommittedBefore() {
        try (LogBed bed = bed(folder)) {
            for (int round = 1; round <= 4; round++) {
                bed.open();
                final LogOwner leader = bed.leader();
                assertThat(leader.reader.entries).hasSize(10 * (round - 1));
                IntStream.range(0, 10).forEach(number -> leader.append("entry " + number));
                bed.until("all appends ended", leader::allEnded);
                bed.stopAll();
            }
        }
    }

    @Test
    void anEntryOfTheGreatestLengthAndOneOfOneByteAreTaken() {
        try (LogBed bed = bed(folder)) {
            bed.open();
            final LogOwner leader = bed.leader();
            final String longest = "x".repeat(MetaLog.ENTRY_BYTES_MAX);
            leader.append("a");
            leader.append(longest);
            leader.append("b");
            bed.settle();
            for (final LogOwner each : bed.replicas) {
                assertThat(each.reader.entries.equals(List.of("a", longest, "b")))
                        .isTrue();
            }
        }
    }

    @Test
    void aClosedLogTakesNothing() {
        try (LogBed bed = bed(folder)) {
            bed.open();
            final LogOwner leader = bed.leader();
            leader.append("before");
            bed.until("it ended", leader::allEnded);
            leader.close();
            leader.append("after");
            bed.until("it ended", leader::allEnded);
            assertThat(leader.outcomes.getLast()).isNotEqualTo("committed 2");
            assertThat(leader.reader.entries).containsExactly("before");
        }
    }
}
