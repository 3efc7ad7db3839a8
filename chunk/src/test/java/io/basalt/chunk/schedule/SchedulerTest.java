package io.basalt.chunk.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a scheduler does with each job, step by step.
class SchedulerTest {
    private static final int BLOCK = 4096;
    private static final long MS_NS = 1_000_000L;

    private final List<Task> begun = new ArrayList<>();
    private final List<Task> dropped = new ArrayList<>();

    private final class Task extends Job {
        private long deadline = Long.MAX_VALUE;

        @Override
        protected void admitted() {
            begun.add(this);
        }

        @Override
        protected void dropped() {
            dropped.add(this);
        }

        @Override
        protected long deadlineNs() {
            return deadline;
        }
    }

    private static ScheduleSettings depth(int depth) {
        return ScheduleSettings.SSD.withDepth(depth);
    }

    /// A scheduler of a device that has all that it can do.
    private static Scheduler full(int depth) {
        final Scheduler scheduler = new Scheduler(depth(depth), 0);
        for (int request = 0; request < depth; request++) {
            scheduler.began(Origin.CLIENT);
        }
        return scheduler;
    }

    private Task offered(Scheduler scheduler, long volume, int weight) {
        final Task task = new Task();
        assertThat(scheduler.offer(task, volume, weight, BLOCK, 0)).isEqualTo(Scheduler.TAKEN);
        return task;
    }

    private static void oneEnds(Scheduler scheduler, long nowNs) {
        scheduler.ended(Origin.CLIENT, MS_NS / 10);
        scheduler.dispatch(nowNs);
    }

    @Test
    void aJobIsBegunAtOnceWhileThereIsRoom() {
        final Scheduler scheduler = new Scheduler(depth(2), 0);
        final Task first = offered(scheduler, 1, 1);
        scheduler.began(Origin.CLIENT);
        final Task second = offered(scheduler, 2, 1);
        scheduler.began(Origin.CLIENT);
        final Task third = offered(scheduler, 3, 1);
        assertThat(begun).containsExactly(first, second);
        oneEnds(scheduler, 1);
        assertThat(begun).containsExactly(first, second, third);
        assertThat(scheduler.status().waits()).isEqualTo(1);
    }

    @Test
    void jobsOfOneVolumeAreBegunInTheirOrder() {
        final Scheduler scheduler = full(1);
        final List<Task> tasks = new ArrayList<>();
        for (int index = 0; index < 5; index++) {
            tasks.add(offered(scheduler, 1, 1));
        }
        for (int index = 0; index < 5; index++) {
            oneEnds(scheduler, index);
            scheduler.began(Origin.CLIENT);
        }
        assertThat(begun).isEqualTo(tasks);
    }

    @Test
    void replicasFillADeviceAndDoNotShutItsClientsOut() {
        final Scheduler scheduler = new Scheduler(depth(8), 0);
        for (int request = 0; request < 100; request++) {
            scheduler.began(Origin.REPLICA);
        }
        final Task first = offered(scheduler, 1, 1);
        scheduler.began(Origin.CLIENT);
        final Task second = offered(scheduler, 1, 1);
        scheduler.began(Origin.CLIENT);
        final Task third = offered(scheduler, 1, 1);
        assertThat(begun).containsExactly(first, second);
        scheduler.ended(Origin.REPLICA, MS_NS);
        scheduler.dispatch(1);
        assertThat(begun).doesNotContain(third);
        oneEnds(scheduler, 2);
        assertThat(begun).contains(third);
    }

    @Test
    void whatNobodyWaitsForAnyMoreIsDroppedWithoutItsTurn() {
        final Scheduler scheduler = full(1);
        final Task late = new Task();
        late.deadline = 10 * MS_NS;
        assertThat(scheduler.offer(late, 1, 1, BLOCK, 0)).isEqualTo(Scheduler.TAKEN);
        final Task next = offered(scheduler, 1, 1);
        oneEnds(scheduler, 11 * MS_NS);
        assertThat(dropped).containsExactly(late);
        assertThat(begun).containsExactly(next);
        assertThat(scheduler.status().drops()).isEqualTo(1);
    }

    @Test
    void whatIsWithdrawnIsNeitherBegunNorDropped() {
        final Scheduler scheduler = full(1);
        final Task first = offered(scheduler, 1, 1);
        final Task second = offered(scheduler, 1, 1);
        final Task other = offered(scheduler, 2, 1);
        scheduler.withdraw(first);
        scheduler.withdraw(other);
        assertThat(other.isQueued()).isFalse();
        oneEnds(scheduler, 1);
        assertThat(begun).containsExactly(second);
        assertThat(dropped).isEmpty();
        assertThat(scheduler.status().queued()).isZero();
    }

    @Test
    void closingDropsWhatWaitsAndTakesNothingMore() {
        final Scheduler scheduler = full(1);
        final Task waiting = offered(scheduler, 1, 1);
        final Task repair = new Task();
        scheduler.offer(repair, Background.REPAIR, BLOCK, 0);
        scheduler.close();
        assertThat(dropped).containsExactlyInAnyOrder(waiting, repair);
        assertThat(scheduler.offer(new Task(), 1, 1, BLOCK, 0)).isPositive();
        scheduler.offer(repair, Background.REPAIR, BLOCK, 0);
        assertThat(dropped).hasSize(3);
    }

    @Test
    void aVolumeThatQueuesALotLeavesPlacesForOthers() {
        final Scheduler scheduler = new Scheduler(depth(1).withQueueMax(64), 0);
        scheduler.began(Origin.CLIENT);
        int taken = 0;
        while (scheduler.offer(new Task(), 1, 1, BLOCK, 0) == Scheduler.TAKEN) {
            taken++;
        }
        assertThat(taken).isBetween(16, 63);
        offered(scheduler, 2, 1);
    }

    @Test
    void everyJobHasOneEndWhateverHappens() {
        SeededTest.run(100, random -> {
            begun.clear();
            dropped.clear();
            final Scheduler scheduler = new Scheduler(
                    ScheduleSettings.SSD.withDepth(1, 1 + random.nextInt(6)).withQueueMax(40), 0);
            final List<Background> classes = List.of(Background.values());
            final Set<Task> waiting = new HashSet<>();
            final ArrayDeque<Task> atStore = new ArrayDeque<>();
            long nowNs = 0;
            int seen = 0;
            int droppedSeen = 0;
            for (int step = 0; step < 2000; step++) {
                nowNs += random.nextInt(200_000);
                final int what = random.nextInt(10);
                if (what < 5) {
                    final Task task = new Task();
                    task.deadline = random.nextInt(4) == 0 ? nowNs + random.nextInt(3_000_000) : Long.MAX_VALUE;
                    final boolean isTaken =
                            scheduler.offer(task, 1 + random.nextInt(12), 1 + random.nextInt(50), BLOCK, nowNs)
                                    == Scheduler.TAKEN;
                    if (isTaken && task.isQueued()) {
                        waiting.add(task);
                    }
                } else if (what < 6) {
                    final Task task = new Task();
                    scheduler.offer(task, classes.get(random.nextInt(classes.size())), BLOCK, nowNs);
                    if (task.isQueued()) {
                        waiting.add(task);
                    }
                } else if (what < 9 && !atStore.isEmpty()) {
                    atStore.remove();
                    scheduler.ended(Origin.CLIENT, random.nextInt(10_000_000));
                    scheduler.dispatch(nowNs);
                } else if (what == 9 && !waiting.isEmpty()) {
                    final Task task = waiting.iterator().next();
                    waiting.remove(task);
                    scheduler.withdraw(task);
                } else {
                    scheduler.tick(nowNs);
                }
                for (; seen < begun.size(); seen++) {
                    waiting.remove(begun.get(seen));
                    atStore.add(begun.get(seen));
                    scheduler.began(Origin.CLIENT);
                }
                for (; droppedSeen < dropped.size(); droppedSeen++) {
                    waiting.remove(dropped.get(droppedSeen));
                }
                assertThat(scheduler.status().queued() + scheduler.status().queuedBackground())
                        .isEqualTo(waiting.size());
            }
            assertThat(new HashSet<>(begun)).hasSameSizeAs(begun).doesNotContainAnyElementsOf(dropped);
        });
    }

    /// Begins nothing more than a counter.
    private static final class Count extends Job {
        private long count;

        @Override
        protected void admitted() {
            count++;
        }

        @Override
        protected void dropped() {
            throw new AssertionError("nothing is dropped");
        }

        @Override
        protected long deadlineNs() {
            return Long.MAX_VALUE;
        }
    }

    @Test
    void goingStraightThroughAllocatesNothing() {
        final Scheduler scheduler = new Scheduler(ScheduleSettings.SSD, 0);
        final Count job = new Count();
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    scheduler.offer(job, 1, 40, BLOCK, 1);
                    scheduler.began(Origin.CLIENT);
                    scheduler.ended(Origin.CLIENT, MS_NS / 10);
                    scheduler.dispatch(1);
                }))
                .isZero();
        assertThat(job.count).isGreaterThan(100_000);
        assertThat(scheduler.status().waits()).isZero();
    }

    @Test
    void waitingForATurnAllocatesNothing() {
        final Scheduler scheduler = full(1);
        final Count[] jobs = new Count[64];
        for (int index = 0; index < jobs.length; index++) {
            jobs[index] = new Count();
        }
        final int[] next = new int[1];
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    final Count job = jobs[next[0]++ % jobs.length];
                    if (!job.isQueued()) {
                        scheduler.offer(job, 1 + next[0] % 50, 40, BLOCK, next[0]);
                    }
                    oneEnds(scheduler, next[0]);
                    scheduler.began(Origin.CLIENT);
                }))
                .isZero();
        assertThat(scheduler.status().waits()).isGreaterThan(100_000);
    }
}
