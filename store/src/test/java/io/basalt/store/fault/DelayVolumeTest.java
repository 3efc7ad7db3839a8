package io.basalt.store.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.store.TestBench;
import io.basalt.store.TestRequest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DelayVolumeTest extends WrapperContract {
    private static final long MS = 1_000_000;

    @Override
    Volume wrap(Volume wrapped) {
        return new DelayVolume("delay0", wrapped, new DelayOptions(0, 0, 50_000, 42));
    }

    @Override
    protected int allocationRuns() {
        return 4_000;
    }

    @Test
    void holdsARequestForItsTimeAndAppliesItOnlyThen() {
        final TestBench b = bench();
        ((DelayVolume) b.volume()).options(new DelayOptions(0, 20 * MS, 0, 1));
        b.memory().table().segment(0).asSlice(0, 512).fill((byte) 1);
        final TestRequest write = new TestRequest();
        write.piece(b.memory(), 0, 0, 512).ask(BlockOperation.WRITE, 0, 512);
        final long startNs = b.reactor().reactor().nowNs();
        assertThat(write.submit(b.channel())).isEqualTo(BlockStatus.PENDING);
        assertThat(b.channel().inFlight()).isEqualTo(1);
        b.reactor().until("write ends", write::ended);
        assertThat(b.reactor().reactor().nowNs() - startNs).isGreaterThanOrEqualTo(20 * MS);
        assertThat(b.channel().inFlight()).isZero();
    }

    @Test
    void reordersBySeed() {
        final List<Integer> first = orderOfEnds(bench(), 7);
        assertThat(first).isNotEqualTo(first.stream().sorted().toList());
        assertThat(first).hasSize(100);
    }

    private static List<Integer> orderOfEnds(TestBench b, long seed) {
        ((DelayVolume) b.volume()).options(new DelayOptions(0, 0, 20 * MS, seed));
        final List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            final int number = i;
            new TestRequest()
                    .piece(b.memory(), 0, 0, 512)
                    .onEnd(() -> order.add(number))
                    .ask(BlockOperation.READ, 0, 512)
                    .submit(b.channel());
        }
        b.reactor().until("all end", () -> order.size() == 100);
        return order;
    }

    @Test
    void refusesDelaysOutOfRange() {
        assertThatThrownBy(() -> new DelayOptions(-1, 0, 0, 0)).hasMessageStartingWith("avg_read_latency:");
        assertThatThrownBy(() -> new DelayOptions(0, Long.MAX_VALUE, 0, 0))
                .hasMessageStartingWith("avg_write_latency:");
    }
}
