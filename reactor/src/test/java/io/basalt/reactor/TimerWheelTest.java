package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TimerWheelTest {
    private static final long TICK_NS = TimerWheel.TICK_NS;

    /// A task that knows itself when it should fire.
    private static final class ModelTask extends TimerTask {
        long dueNs;
        long order;

        @Override
        protected void expired(long nowNs) {}
    }

    @Test
    void isNeverEarlyAndAtMostATickLate() {
        final TimerWheel wheel = new TimerWheel(100);
        final ModelTask task = new ModelTask();
        wheel.schedule(task, 100 + TICK_NS + 1);
        assertThat(wheel.takeDue(100 + TICK_NS + 1)).isNull();
        assertThat(wheel.takeDue(100 + 2 * TICK_NS - 1)).isNull();
        assertThat(wheel.takeDue(100 + 2 * TICK_NS)).isSameAs(task);
    }

    @Test
    void firesATaskOfThePastAtTheNextTick() {
        final TimerWheel wheel = new TimerWheel(0);
        assertThat(wheel.takeDue(10 * TICK_NS)).isNull();
        final ModelTask task = new ModelTask();
        wheel.schedule(task, 3 * TICK_NS);
        assertThat(wheel.takeDue(10 * TICK_NS)).isNull();
        assertThat(wheel.takeDue(11 * TICK_NS)).isSameAs(task);
    }

    @Test
    void keepsTheFarthestDeadlineApart() {
        final TimerWheel wheel = new TimerWheel(-1);
        final ModelTask task = new ModelTask();
        wheel.schedule(task, Long.MAX_VALUE - 1);
        assertThat(wheel.takeDue(1L << 61)).isNull();
        assertThat(wheel.untilNextNs(1L << 61)).isPositive();
        assertThat(wheel.cancel(task)).isTrue();
        assertThat(wheel.untilNextNs(1L << 61)).isEqualTo(TimerWheel.NONE);
    }

    @Test
    void behavesLikeAListOfDeadlines() {
        SeededTest.run(300, random -> new Model(random).run(400));
    }

    /// A wheel beside a plain list that is searched in full.
    private static final class Model {
        private final RandomGenerator random;
        private final long originNs;
        private final TimerWheel wheel;
        private final List<ModelTask> tasks = new ArrayList<>();
        private final List<ModelTask> scheduled = new ArrayList<>();
        private long nowNs;
        private long reachedTick;
        private long order;

        Model(RandomGenerator random) {
            this.random = random;
            this.originNs = random.nextLong() >> 2;
            this.nowNs = originNs;
            this.wheel = new TimerWheel(originNs);
            for (int task = 0; task < 40; task++) {
                tasks.add(new ModelTask());
            }
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                switch (random.nextInt(4)) {
                    case 0, 1 -> schedule();
                    case 2 -> cancel();
                    default -> expire();
                }
                checkNext();
                assertThat(wheel.size()).isEqualTo(scheduled.size());
            }
        }

        private void schedule() {
            final ModelTask task = tasks.get(random.nextInt(tasks.size()));
            final long delayNs = (random.nextLong() & Long.MAX_VALUE) >> (1 + random.nextInt(62));
            final long deadlineNs = nowNs + delayNs - (random.nextInt(8) == 0 ? TICK_NS : 0);
            wheel.schedule(task, deadlineNs);
            final long ticks = Math.max(0, Math.ceilDiv(deadlineNs - originNs, TICK_NS));
            task.dueNs = originNs + Math.max(ticks, reachedTick + 1) * TICK_NS;
            task.order = order++;
            scheduled.remove(task);
            scheduled.add(task);
        }

        private void cancel() {
            final ModelTask task = tasks.get(random.nextInt(tasks.size()));
            assertThat(wheel.cancel(task)).isEqualTo(scheduled.remove(task));
            assertThat(task.isScheduled()).isFalse();
        }

        private void expire() {
            if (nowNs - originNs < 1L << 60) {
                nowNs += (random.nextLong() & Long.MAX_VALUE) >> (3 + random.nextInt(60));
            }
            final int limit = random.nextInt(50);
            for (int taken = 0; taken < limit; taken++) {
                final ModelTask expected = nextDue();
                assertThat(wheel.takeDue(nowNs)).isSameAs(expected);
                if (expected == null) {
                    reachedTick = (nowNs - originNs) / TICK_NS;
                    return;
                }
                reachedTick = (expected.dueNs - originNs) / TICK_NS;
                scheduled.remove(expected);
            }
        }

        private @Nullable ModelTask nextDue() {
            ModelTask next = null;
            for (final ModelTask task : scheduled) {
                final boolean isDue = task.dueNs - nowNs <= 0;
                if (isDue && (next == null || isBefore(task, next))) {
                    next = task;
                }
            }
            return next;
        }

        private static boolean isBefore(ModelTask task, ModelTask other) {
            return task.dueNs != other.dueNs ? task.dueNs - other.dueNs < 0 : task.order < other.order;
        }

        /// The wheel may wake up early to move tasks down, never late.
        private void checkNext() {
            final long untilNs = wheel.untilNextNs(nowNs);
            if (scheduled.isEmpty()) {
                assertThat(untilNs).isEqualTo(TimerWheel.NONE);
            }
            for (final ModelTask task : scheduled) {
                assertThat(untilNs).isLessThanOrEqualTo(Math.max(0, task.dueNs - nowNs));
            }
            if (nextDue() != null) {
                assertThat(untilNs).isZero();
            }
        }
    }
}
