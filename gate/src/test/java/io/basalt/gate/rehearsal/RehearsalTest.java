package io.basalt.gate.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.config.GateLog;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.testkit.Await;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RehearsalTest {
    private static final int HANDOVERS = 8;
    private static final Duration BOUND = Duration.ofMinutes(2);

    @ParameterizedTest(name = "of a cluster: {0}")
    @ValueSource(booleans = {false, true})
    void handsAPracticeDiskOverAgainAndAgainAndLeavesNothing(boolean clustered) {
        final int before = FileDescriptor.openCount();

        final int count = Rehearsal.run(clustered, HANDOVERS, BOUND.toNanos());

        assertThat(count).isEqualTo(HANDOVERS + HANDOVERS / 4);
        Await.until("descriptors are closed", BOUND, () -> FileDescriptor.openCount() <= before);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith(GateLog.REHEARSAL));
    }

    @ParameterizedTest(name = "of a cluster: {0}")
    @ValueSource(booleans = {false, true})
    void isOverAfterOneOfEachKindIfThereIsNoTimeForMore(boolean clustered) {
        assertThat(Rehearsal.run(clustered, HANDOVERS, 0)).isEqualTo(2);
    }
}
