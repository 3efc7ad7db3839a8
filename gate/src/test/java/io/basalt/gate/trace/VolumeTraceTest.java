package io.basalt.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.Stage;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.ManualClock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class VolumeTraceTest {
    private static final long MS = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;

    private final ManualClock clock = new ManualClock(SECOND);
    private final List<String> lines = new ArrayList<>();
    private final SlowLog log = new SlowLog(clock::nanoTime, lines::add);
    private final VolumeTraces traces = new VolumeTraces("disk", log);
    private final TracedRequest request = new TracedRequest();

    private void write(long tookNs) {
        traces.on(0).wrote(request.of(BlockOperation.WRITE, 8192, 4096), tookNs);
    }

    @Test
    void theTimeOfALocalDiskIsItsDevices() {
        traces.on(0).read(request.of(BlockOperation.READ, 0, 4096), 3 * MS);
        request.of(BlockOperation.READ, 0, 4096).times().held(6 * MS);
        traces.on(1).read(request, 10 * MS);
        traces.on(1).taken(2, 5_000);
        final Breakdown seen = traces.read();
        assertThat(seen.read().total().count()).isEqualTo(2);
        assertThat(seen.read().total().sumNs()).isEqualTo(13 * MS);
        assertThat(seen.read().cost(Stage.DEVICE).costNs()).isEqualTo(7 * MS);
        assertThat(seen.read().cost(Stage.DEVICE).times().count()).isEqualTo(2);
        assertThat(seen.read().cost(Stage.QOS).costNs()).isEqualTo(6 * MS);
        assertThat(seen.write().total().count()).isZero();
        assertThat(seen.ring().count()).isEqualTo(2);
        assertThat(seen.ring().sumNs()).isEqualTo(10_000);
    }

    @Test
    void whatStagesCostAddsUpToTheTotal() {
        request.of(BlockOperation.WRITE, 0, 4096).times().served(1, 1, MS, 2 * MS);
        request.times().copied(2, 3 * MS, 3, 40 * MS);
        request.times().travelled(4 * MS);
        traces.on(0).wrote(request, 50 * MS);
        final Breakdown.Direction writes = traces.read().write();
        assertThat(Arrays.stream(Stage.values())
                        .mapToLong(stage -> writes.cost(stage).costNs())
                        .sum())
                .isEqualTo(writes.total().sumNs());
        assertThat(writes.cost(Stage.REPLICA_2).times().sumNs()).isEqualTo(40 * MS);
        assertThat(writes.cost(Stage.GATE).costNs()).isEqualTo(5 * MS);
    }

    @Test
    void aSlowRequestIsLoggedWithWhereItsTimeWent() {
        write(SECOND - 1);
        request.of(BlockOperation.WRITE, 8192, 4096).times().served(1, 4, 0, MS);
        request.times().copied(5, 0, 6, 1_200 * MS);
        request.times().travelled(3 * MS);
        traces.on(0).wrote(request, 1_203 * MS);
        log.drain();
        assertThat(lines)
                .containsExactly(
                        "slow write of 4096 at 8192 of volume disk took 1203.0 ms, replica_2 (device 6) 1199.0,"
                                + " network (device 4) 3.0, device (device 4) 1.0");
        assertThat(traces.read().write().slow()).isEqualTo(1);
        assertThat(log.recent()).hasSize(1);
        assertThat(log.recent().getFirst().costs()).containsEntry(Stage.REPLICA_2, 1_199 * MS);
    }

    @Test
    void anotherThresholdHoldsAtOnce() {
        log.threshold(10 * MS);
        write(10 * MS);
        log.threshold(Long.MAX_VALUE);
        write(100 * SECOND);
        log.drain();
        assertThat(log.recent()).hasSize(1);
    }

    @Test
    void aFloodTakesTenLinesAMinute() {
        for (int second = 0; second < 59; second++) {
            clock.advance(SECOND);
            write(2 * SECOND);
            write(2 * SECOND);
            log.drain();
        }
        assertThat(lines).hasSize(10);
        clock.advance(SECOND);
        log.drain();
        assertThat(lines).hasSize(11);
        assertThat(lines.getLast()).startsWith("108 more slow requests in the last minute");
        write(2 * SECOND);
        log.drain();
        assertThat(lines).hasSize(12);
        assertThat(traces.read().write().slow()).isEqualTo(119);
    }

    @Test
    void whatIsReadTooLateIsCounted() {
        for (int each = 0; each < SlowRequests.CAPACITY + 9; each++) {
            write(2 * SECOND + each);
        }
        log.drain();
        // The oldest that is still there might be written over while it is read.
        assertThat(log.recent()).hasSize(SlowRequests.CAPACITY - 1);
        assertThat(log.recent().getLast().tookNs()).isEqualTo(2 * SECOND + SlowRequests.CAPACITY + 8);
        assertThat(log.missed()).isEqualTo(10);
    }

    @Test
    void measuringAllocatesNothingSlowOrNot() {
        final TracedRequest remote = new TracedRequest().of(BlockOperation.WRITE, 0, 4096);
        final var observer = traces.on(0);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    observer.taken(3, 900);
                    observer.read(request, 70_000);
                    remote.times().clear();
                    remote.times().held(5);
                    remote.times().served(1, 1, 100, 20_000);
                    remote.times().copied(2, 30_000, 3, 40_000);
                    remote.times().travelled(10_000);
                    observer.wrote(remote, 90_000);
                    observer.wrote(remote, 2 * SECOND);
                }))
                .isZero();
    }
}
