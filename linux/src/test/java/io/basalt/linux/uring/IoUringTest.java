package io.basalt.linux.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.event.EventFd;
import io.basalt.testkit.AllocationProbe;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The rings themselves: submission, completion, waiting, watching. File requests are in [IoUringFileTest].
class IoUringTest {
    private static final long BOUND_NS = 60_000_000_000L;

    private final OpenDescriptors descriptors = new OpenDescriptors();
    private final IoUring ring = IoUring.create(8);

    @BeforeEach
    void startsEmpty() {
        assertThat(ring.capacity()).isEqualTo(8);
        assertThat(ring.pending()).isZero();
        assertThat(ring.completionCount()).isZero();
        assertThat(ring.needsEnter()).isFalse();
    }

    @AfterEach
    void leavesNoDescriptorBehind() {
        ring.close();
        ring.close();
        descriptors.assertUnchanged();
    }

    @Test
    void completesRequestsWithTheirUserData() {
        assertThat(ring.prepareNop(0x1234_5678_9abc_def0L)).isTrue();
        assertThat(ring.prepareNop(-1L)).isTrue();
        assertThat(ring.pending()).isEqualTo(2);
        assertThat(ring.needsEnter()).isTrue();
        assertThat(ring.enter(2, BOUND_NS)).isEqualTo(2);
        assertThat(ring.pending()).isZero();
        assertThat(ring.completionCount()).isEqualTo(2);
        assertThat(ring.completionUserData(0)).isEqualTo(0x1234_5678_9abc_def0L);
        assertThat(ring.completionUserData(1)).isEqualTo(-1L);
        assertThat(ring.completionResult(0)).isZero();
        assertThat(ring.completionFlags(0)).isZero();
        ring.advance(1);
        assertThat(ring.completionCount()).isEqualTo(1);
        assertThat(ring.completionUserData(0)).isEqualTo(-1L);
        ring.advance(1);
    }

    @Test
    void refusesARequestWhenTheSubmissionQueueIsFull() {
        for (int i = 0; i < 8; i++) {
            assertThat(ring.prepareNop(i)).isTrue();
        }
        assertThat(ring.prepareNop(8)).isFalse();
        assertThat(ring.pending()).isEqualTo(8);
        assertThat(ring.enter(0, 0)).isEqualTo(8);
        assertThat(ring.prepareNop(8)).isTrue();
        assertThat(ring.enter(9, BOUND_NS)).isEqualTo(1);
        for (int i = 0; i < 9; i++) {
            assertThat(ring.completionUserData(i)).isEqualTo(i);
        }
        ring.advance(9);
    }

    @Test
    void wrapsAroundBothQueues() {
        int next = 0;
        for (int round = 0; round < 100; round++) {
            final int count = round % 8 + 1;
            for (int i = 0; i < count; i++) {
                assertThat(ring.prepareNop(next + i)).isTrue();
            }
            assertThat(ring.enter(count, BOUND_NS)).isEqualTo(count);
            assertThat(ring.completionCount()).isEqualTo(count);
            for (int i = 0; i < count; i++) {
                assertThat(ring.completionUserData(i)).isEqualTo(next + i);
            }
            next += count;
            ring.advance(count);
        }
    }

    @Test
    void losesNoCompletionWhenTheQueueOverflows() {
        final int total = 5 * 4 * ring.capacity();
        int submitted = 0;
        while (submitted < total) {
            while (submitted < total && ring.prepareNop(submitted)) {
                submitted++;
            }
            assertThat(ring.enter(0, 0)).isGreaterThanOrEqualTo(0);
        }
        final BitSet seen = new BitSet();
        while (seen.cardinality() < total) {
            final int count = ring.completionCount();
            assertThat(count > 0 || ring.needsEnter()).isTrue();
            for (int i = 0; i < count; i++) {
                seen.set((int) ring.completionUserData(i));
            }
            ring.advance(count);
            assertThat(ring.enter(0, 0)).isGreaterThanOrEqualTo(0);
        }
        assertThat(seen.length()).isEqualTo(total);
        assertThat(ring.completionCount()).isZero();
    }

    @Test
    void boundsAWaitForWhichNothingComes() {
        final long before = System.nanoTime();
        assertThat(ring.enter(1, 20_000_000L)).isZero();
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(20_000_000L);
        assertThat(ring.completionCount()).isZero();
    }

    @Test
    void watchesAnEventFdUntilTheWatchIsRemoved() {
        try (EventFd event = EventFd.create()) {
            assertThat(ring.preparePollAdd(event.fd(), UringSpec.POLLIN, true, 7))
                    .isTrue();
            assertThat(ring.enter(0, 0)).isEqualTo(1);
            assertThat(ring.completionCount()).isZero();
            for (int round = 0; round < 3; round++) {
                event.signal();
                assertThat(ring.needsEnter()).isTrue();
                assertThat(ring.enter(1, BOUND_NS)).isZero();
                assertCompletion(7, UringSpec.POLLIN, UringSpec.IORING_CQE_F_MORE);
                assertThat(event.drain()).isEqualTo(1);
            }
            assertThat(ring.prepareCancel(7, 8)).isTrue();
            assertThat(ring.enter(2, BOUND_NS)).isEqualTo(1);
            assertThat(results()).containsExactlyInAnyOrder("7 ECANCELED", "8 0");
        }
    }

    @Test
    void endsAWatchThatIsNotMultishotAfterOneEvent() {
        try (EventFd event = EventFd.create()) {
            event.signal();
            assertThat(ring.preparePollAdd(event.fd(), UringSpec.POLLIN, false, 3))
                    .isTrue();
            assertThat(ring.enter(1, BOUND_NS)).isEqualTo(1);
            assertCompletion(3, UringSpec.POLLIN, 0);
            assertThat(ring.prepareCancel(3, 4)).isTrue();
            assertThat(ring.enter(1, BOUND_NS)).isEqualTo(1);
            assertCompletion(4, -Errno.ENOENT, 0);
        }
    }

    @Test
    void cancelsARequestThatWaits() {
        try (EventFd event = EventFd.create()) {
            assertThat(ring.preparePollAdd(event.fd(), UringSpec.POLLIN, false, 3))
                    .isTrue();
            assertThat(ring.enter(0, 0)).isEqualTo(1);
            assertThat(ring.prepareCancel(3, 4)).isTrue();
            assertThat(ring.enter(2, BOUND_NS)).isEqualTo(1);
            assertThat(results()).containsExactlyInAnyOrder("3 ECANCELED", "4 0");
            assertThat(ring.prepareCancel(99, 5)).isTrue();
            assertThat(ring.enter(1, BOUND_NS)).isEqualTo(1);
            assertCompletion(5, -Errno.ENOENT, 0);
        }
    }

    @Test
    void isWokenFromAnUnboundedWaitByAnotherThread() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThat(ring.preparePollAdd(event.fd(), UringSpec.POLLIN, false, 1))
                    .isTrue();
            final Thread waker = Thread.ofPlatform().start(event::signal);
            while (ring.completionCount() == 0) {
                assertThat(ring.enter(1, IoUring.NO_TIMEOUT)).isGreaterThanOrEqualTo(0);
            }
            assertCompletion(1, UringSpec.POLLIN, 0);
            waker.join();
        }
    }

    @Test
    void tellsWhichOpcodesTheKernelKnows() {
        assertThat(ring.supports(UringSpec.IORING_OP_NOP)).isTrue();
        assertThat(ring.supports(UringSpec.IORING_OP_FALLOCATE)).isTrue();
        assertThat(ring.supports(200)).isFalse();
        assertThat(ring.setupFlags() & UringSpec.IORING_SETUP_CQSIZE).isNotZero();
    }

    @Test
    void keepsWorkersOnGivenProcessors() {
        final BitSet first = new BitSet();
        first.set(0);
        assertThat(ring.workerAffinity(first)).isZero();
        assertThat(ring.workerAffinity(new BitSet())).isZero();
        assertThat(ring.workersMax(2, 0)).isZero();
    }

    @Test
    void asksForTheBestKindFirst() {
        assertThat(ring.setupFlags()).isIn(RingMemory.KINDS);
    }

    @Test
    void stepsDownToAKindThatTheKernelGrants() {
        final int unknown = 1 << 30;
        try (IoUring plain = IoUring.create(8, List.of(unknown, RingMemory.KINDS.getLast()))) {
            assertThat(plain.setupFlags()).isEqualTo(RingMemory.KINDS.getLast());
        }
        assertThatThrownBy(() -> IoUring.create(8, List.of(unknown))).hasMessageContaining("EINVAL");
    }

    /// Older kernels get the later kinds; what a reactor does must work on each.
    @Test
    void servesAReactorOnEveryKindOfRing() {
        for (final int kind : RingMemory.KINDS) {
            try (IoUring other = IoUring.create(8, List.of(kind, RingMemory.KINDS.getLast()));
                    EventFd event = EventFd.create()) {
                assertThat(other.preparePollAdd(event.fd(), UringSpec.POLLIN, true, 1))
                        .isTrue();
                assertThat(other.prepareNop(2)).isTrue();
                assertThat(other.enter(1, BOUND_NS)).isEqualTo(2);
                assertThat(other.completionUserData(0)).isEqualTo(2);
                other.advance(1);
                event.signal();
                assertThat(other.enter(1, BOUND_NS)).isZero();
                assertThat(other.completionCount()).isEqualTo(1);
                assertThat(other.completionUserData(0)).isEqualTo(1);
                assertThat(other.completionResult(0)).isEqualTo(UringSpec.POLLIN);
                other.advance(1);
            }
        }
    }

    @Test
    void givesBackItsRegisteredNumberWhenClosed() {
        // A thread has sixteen of them; a ring that kept one would make the later rings fall back to
        // descriptors, and its descriptor's file would live on.
        for (int i = 0; i < 40; i++) {
            try (IoUring other = IoUring.create(4)) {
                assertThat(other.prepareNop(i)).isTrue();
                assertThat(other.enter(1, BOUND_NS)).isEqualTo(1);
                assertThat(other.completionUserData(0)).isEqualTo(i);
            }
        }
    }

    @Test
    void worksInSeveralThreadsAtOnce() throws Exception {
        final AtomicInteger completed = new AtomicInteger();
        final Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = Thread.ofPlatform().start(() -> {
                try (IoUring own = IoUring.create(16)) {
                    for (int i = 0; i < 1000 && own.prepareNop(i); i++) {
                        own.enter(1, BOUND_NS);
                        if (own.completionCount() == 1 && own.completionUserData(0) == i) {
                            completed.incrementAndGet();
                        }
                        own.advance(own.completionCount());
                    }
                }
            });
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(completed).hasValue(4000);
    }

    @Test
    void allocatesNothingPerRequest() {
        final Runnable pass = () -> {
            for (int i = 0; i < 8; i++) {
                ring.prepareNop(i);
            }
            if (ring.needsEnter()) {
                ring.enter(8, BOUND_NS);
            }
            final int count = ring.completionCount();
            long sum = 0;
            for (int i = 0; i < count; i++) {
                sum += ring.completionUserData(i) + ring.completionResult(i) + ring.completionFlags(i);
            }
            assert sum == 28;
            ring.advance(count);
        };
        assertThat(AllocationProbe.bytesAllocated(100_000, pass)).isZero();
    }

    private void assertCompletion(long userData, int result, int flags) {
        assertThat(ring.completionCount()).isEqualTo(1);
        assertThat(ring.completionUserData(0)).isEqualTo(userData);
        assertThat(ring.completionResult(0)).isEqualTo(result);
        assertThat(ring.completionFlags(0)).isEqualTo(flags);
        ring.advance(1);
    }

    private String[] results() {
        final String[] results = new String[ring.completionCount()];
        for (int i = 0; i < results.length; i++) {
            final int result = ring.completionResult(i);
            results[i] = ring.completionUserData(i) + " " + (result < 0 ? Errno.name(result) : result);
        }
        ring.advance(results.length);
        return results;
    }
}
