package io.basalt.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.Stage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// One thread adds without a pause, another reads: what it reads is whole, in order, and nothing is unaccounted for.
class SlowRequestsThreadsTest {
    private static final int REQUESTS = 200_000;

    @Test
    void whoReadsWhileOthersAreAddedSeesWholeOnes() throws InterruptedException {
        final SlowRequests requests = new SlowRequests(new SlowThreshold(1));
        final Thread writer = Thread.ofPlatform().start(() -> {
            final TracedRequest request = new TracedRequest();
            for (int each = 1; each <= REQUESTS; each++) {
                request.of(BlockOperation.WRITE, each, each);
                request.times().held(each);
                requests.add(each, true, request, each);
            }
        });
        final List<SlowRequests.Entry> read = new ArrayList<>();
        while (writer.isAlive()) {
            read.addAll(requests.drain());
        }
        writer.join();
        read.addAll(requests.drain());
        long last = 0;
        for (final SlowRequests.Entry each : read) {
            assertThat(each.tookNs()).isGreaterThan(last);
            last = each.tookNs();
            if (each.offset() != last
                    || each.length() != last
                    || each.volume() != last
                    || !Long.valueOf(last).equals(each.costs().get(Stage.QOS))) {
                throw new AssertionError("torn: " + each);
            }
        }
        assertThat(read.size() + requests.missed()).isEqualTo(REQUESTS);
        assertThat(last).isEqualTo(REQUESTS);
    }
}
