package io.basalt.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

class RequestRingTest {
    @Test
    void keepsTheOrderWhileItGrowsAndWraps() {
        final RequestRing ring = new RequestRing();
        final ArrayDeque<TestRequest> expected = new ArrayDeque<>();
        for (int i = 0; i < 3000; i++) {
            final TestRequest request = new TestRequest();
            assertThat(ring.offer(request)).isTrue();
            expected.add(request);
            if (i % 3 == 0) {
                assertThat(ring.peek()).isSameAs(expected.peek());
                assertThat(ring.take()).isSameAs(expected.poll());
            }
            assertThat(ring.count()).isEqualTo(expected.size());
        }
        while (!expected.isEmpty()) {
            assertThat(ring.take()).isSameAs(expected.poll());
        }
        assertThat(ring.take()).isNull();
    }

    @Test
    void refusesMoreThanItsBound() {
        final RequestRing ring = new RequestRing();
        final TestRequest request = new TestRequest();
        for (int i = 0; i < RequestRing.CAPACITY_MAX; i++) {
            assertThat(ring.offer(request)).isTrue();
        }
        assertThat(ring.offer(request)).isFalse();
        assertThat(ring.count()).isEqualTo(RequestRing.CAPACITY_MAX);
    }

    @Test
    void allocatesNothingInASteadyState() {
        final RequestRing ring = new RequestRing();
        final TestRequest request = new TestRequest();
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    ring.offer(request);
                    ring.take();
                }))
                .isZero();
    }
}
