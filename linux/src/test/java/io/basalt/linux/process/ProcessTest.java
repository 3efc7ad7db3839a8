package io.basalt.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.AllocationProbe;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ProcessTest {
    @Test
    void pinsTheCallingThreadOnly() throws Exception {
        final BitSet before = CpuAffinity.current();
        assertThat(before.cardinality()).isPositive();
        final int last = before.length() - 1;
        final AtomicReference<BitSet> inThread = new AtomicReference<>(new BitSet());
        final Thread thread = Thread.ofPlatform().start(() -> {
            CpuAffinity.pin(last);
            inThread.set(CpuAffinity.current());
        });
        thread.join();
        assertThat(inThread.get().stream()).containsExactly(last);
        assertThat(CpuAffinity.current()).isEqualTo(before);
        assertThatThrownBy(() -> CpuAffinity.pin(8000)).hasMessageContaining("8000");
    }

    @Test
    void measuresTheProcessorTimeOfAThreadFromAnotherOne() throws Exception {
        final AtomicReference<CpuClock> clock = new AtomicReference<>();
        final Thread thread = Thread.ofPlatform().start(() -> {
            final CpuClock own = CpuClock.ofThread();
            final long start = own.nowNs();
            while (own.nowNs() - start < 5_000_000) {
                Thread.onSpinWait();
            }
            clock.set(own);
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
        });
        CpuClock other = clock.get();
        while (other == null) {
            Thread.onSpinWait();
            other = clock.get();
        }
        assertThat(other.nowNs()).isGreaterThanOrEqualTo(5_000_000);
        assertThat(CpuClock.ofProcess().nowNs()).isGreaterThanOrEqualTo(other.nowNs());
        thread.interrupt();
        thread.join();
    }

    @Test
    void readsClocksWithoutAllocating() {
        final CpuClock clock = CpuClock.ofThread();
        final Runnable read = () -> {
            assert clock.nowNs() > 0;
        };
        assertThat(AllocationProbe.bytesAllocated(20_000, read)).isZero();
    }

    @Test
    void knowsProcessAndThread() throws Exception {
        assertThat(ProcessControl.processId())
                .isEqualTo((int) ProcessHandle.current().pid());
        final int here = ProcessControl.threadId();
        final AtomicReference<Integer> there = new AtomicReference<>(0);
        final Thread thread = Thread.ofPlatform().start(() -> there.set(ProcessControl.threadId()));
        thread.join();
        assertThat(there.get()).isPositive().isNotEqualTo(here);
    }

    @Test
    void setsTimerSlackAndGivesUpPrivilegesPerThread() throws Exception {
        final AtomicReference<String> seen = new AtomicReference<>("");
        final Thread thread = Thread.ofPlatform().start(() -> {
            ProcessControl.timerSlack(1000);
            ProcessControl.forbidNewPrivileges();
            seen.set(ProcessControl.timerSlack() + " " + ProcessControl.newPrivilegesForbidden());
        });
        thread.join();
        assertThat(seen.get()).isEqualTo("1000 true");
    }

    @Test
    void aDaemonRaisesItsLimitsAndGivesUpPrivilegesWithWhatItStarts() throws Exception {
        final AtomicReference<String> said = new AtomicReference<>("");
        final AtomicReference<Boolean> inherited = new AtomicReference<>(false);
        final Thread main = Thread.ofPlatform().start(() -> {
            said.set(DaemonProcess.prepare());
            final Thread started =
                    Thread.ofPlatform().start(() -> inherited.set(ProcessControl.newPrivilegesForbidden()));
            while (started.isAlive()) {
                Thread.onSpinWait();
            }
        });
        main.join();
        assertThat(inherited.get()).isTrue();
        for (final ResourceLimit.Resource resource : ResourceLimit.Resource.values()) {
            final ResourceLimit now = ResourceLimit.of(resource);
            assertThat(now.soft()).isEqualTo(now.hard());
        }
        assertThat(said.get()).contains("open files up to", "pinned memory up to");
    }

    @Test
    void raisesTheSoftLimitToTheHardOne() {
        final ResourceLimit.Resource files = ResourceLimit.Resource.OPEN_FILES;
        final ResourceLimit before = ResourceLimit.of(files);
        assertThat(before.soft()).isPositive();
        try {
            final ResourceLimit lower = new ResourceLimit(before.soft() - 1, before.hard());
            lower.apply(files);
            assertThat(ResourceLimit.of(files)).isEqualTo(lower);
            assertThat(ResourceLimit.raise(files)).isEqualTo(new ResourceLimit(before.hard(), before.hard()));
        } finally {
            before.apply(files);
        }
        assertThat(ResourceLimit.of(files)).isEqualTo(before);
        assertThat(ResourceLimit.of(ResourceLimit.Resource.LOCKED_MEMORY).soft())
                .isNotZero();
    }
}
