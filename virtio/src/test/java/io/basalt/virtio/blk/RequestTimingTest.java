package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockRequest;
import io.basalt.block.RequestObserver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How long requests have been in the ring, as far as looks at it tell.
class RequestTimingTest {
    private final List<String> told = new ArrayList<>();
    private final RequestTiming timing = new RequestTiming();

    RequestTimingTest() {
        timing.observer(new RequestObserver() {
            @Override
            public void taken(int count, long waitNs) {
                told.add(count + " after " + waitNs);
            }

            @Override
            public void read(BlockRequest request, long tookNs) {}

            @Override
            public void wrote(BlockRequest request, long tookNs) {}
        });
    }

    @Test
    void whatALookFindsHasBeenThereSinceTheLookBeforeAtMost() {
        timing.looked(0, 0, 100);
        timing.looked(0, 0, 150);
        timing.looked(3, 3, 170);
        assertThat(told).containsExactly("3 after 20");
    }

    @Test
    void whatIsLeftThereGetsOlder() {
        timing.looked(0, 0, 100);
        timing.looked(5, 2, 110);
        timing.looked(3, 2, 130);
        timing.looked(4, 4, 160);
        assertThat(told).containsExactly("2 after 10", "2 after 30", "1 after 60", "3 after 30");
    }

    @Test
    void whatComesWhenTheOldOnesGoIsNotAsOldAsThey() {
        timing.looked(0, 0, 100);
        timing.looked(1, 0, 110);
        timing.looked(3, 1, 120);
        timing.looked(2, 2, 150);
        assertThat(told).containsExactly("1 after 20", "2 after 40");
    }

    @Test
    void nothingIsKnownOfWhatComesAfterASleep() {
        timing.looked(0, 0, 100);
        timing.forget();
        timing.looked(2, 2, 1_000_000);
        timing.looked(1, 1, 1_000_005);
        assertThat(told).containsExactly("1 after 5");
    }
}
