package io.basalt.chunk.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.basalt.testkit.SeededTest;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What a hundred volumes get of one disk of 150 I/Os a second, which is asked for ten times as many.
class FairnessTest {
    private static final long SECOND_NS = SlowDisk.SECOND_NS;
    private static final double DISK = 150;
    private static final int VOLUMES = 100;
    private static final int WEIGHT = 40;
    private static final int OUTSTANDING = 32;

    @Test
    void volumesOfOneWeightGetTheSame() {
        SeededTest.run(2, random -> {
            final SlowDisk disk = flooded(random, ScheduleSettings.HDD, 1);
            disk.run(10 * SECOND_NS);
            disk.forget();
            disk.run(200 * SECOND_NS);
            assertThat(jain(disk)).as("Jain's fairness").isGreaterThanOrEqualTo(0.98);
        });
    }

    @Test
    void volumesGetWhatTheirWeightsSay() {
        SeededTest.run(2, random -> {
            final SlowDisk disk = flooded(random, ScheduleSettings.HDD, 4);
            disk.run(10 * SECOND_NS);
            disk.forget();
            disk.run(1000 * SECOND_NS);
            final double each = disk.done()
                    / disk.clients().stream()
                            .mapToDouble(SlowDisk.Client::weight)
                            .sum();
            double worst = 0;
            for (final SlowDisk.Client client : disk.clients()) {
                worst = Math.max(worst, Math.abs(client.done() / (each * client.weight()) - 1));
            }
            assertThat(worst)
                    .as("distance from its part, of the volume that is farthest")
                    .isLessThan(0.05);
        });
    }

    @Test
    void asMuchIsDoneUnderTenTimesTheLoadAsCouldBe() {
        SeededTest.run(2, random -> {
            final SlowDisk disk = flooded(random, ScheduleSettings.HDD, 1);
            disk.run(60 * SECOND_NS);
            disk.forget();
            disk.run(60 * SECOND_NS);
            assertThat(disk.done()).as("done in a minute").isGreaterThanOrEqualTo((long) (0.9 * 60 * DISK));
            assertThat(disk.timeouts()).as("attempts given up").isLessThan(disk.done() / 100);
        });
    }

    @Test
    void withoutSchedulingTheSameLoadIsACollapse() {
        SeededTest.run(2, random -> {
            final SlowDisk disk = flooded(random, null, 1);
            disk.run(60 * SECOND_NS);
            disk.forget();
            disk.run(60 * SECOND_NS);
            assertThat(disk.done()).as("done in a minute").isLessThan((long) (0.5 * 60 * DISK));
        });
    }

    @Test
    void latencyIsAsUsualTwoSecondsAfterTheFlood() {
        SeededTest.run(2, random -> {
            final long usual = percentile(quietAfter(random, ScheduleSettings.HDD, 0), 99);
            final long after = percentile(quietAfter(random, ScheduleSettings.HDD, 20), 99);
            final long off = percentile(quietAfter(random, null, 20), 99);
            assertThat(after).isLessThan(2 * usual);
            assertThat(off).isGreaterThan(10 * usual);
        });
    }

    /// Latencies of a quiet load, from two seconds after a flood on.
    private static List<Long> quietAfter(RandomGenerator random, @Nullable ScheduleSettings settings, int seconds) {
        final SlowDisk disk = flooded(random, settings, 1);
        disk.run(seconds * SECOND_NS);
        disk.clients().forEach(each -> each.reborn(DISK / 3 / VOLUMES));
        disk.run(2 * SECOND_NS);
        disk.forget();
        disk.run(8 * SECOND_NS);
        return disk.clients().stream()
                .flatMap(each -> each.latencies().stream())
                .toList();
    }

    @Test
    void aReservationIsKeptWhileTwentyNeighboursFlood() {
        SeededTest.run(2, random -> {
            final SlowDisk disk =
                    new SlowDisk(random, ScheduleSettings.HDD.withShares(Map.of(1L, new Share(50, 0, 0))), 1, DISK);
            final SlowDisk.Client reserved = disk.client(1, WEIGHT, 100, OUTSTANDING);
            for (int volume = 2; volume <= 21; volume++) {
                disk.client(volume, WEIGHT, 75, OUTSTANDING);
            }
            disk.run(10 * SECOND_NS);
            disk.forget();
            disk.run(100 * SECOND_NS);
            assertThat(reserved.done() / 100.0).isCloseTo(50, within(1.5));
        });
    }

    @Test
    void aLimitIsKeptOnAnIdleDisk() {
        SeededTest.run(2, random -> {
            final SlowDisk disk =
                    new SlowDisk(random, ScheduleSettings.HDD.withShares(Map.of(1L, new Share(0, 0, 30))), 1, DISK);
            final SlowDisk.Client limited = disk.client(1, WEIGHT, 100, OUTSTANDING);
            final SlowDisk.Client free = disk.client(2, WEIGHT, 20, OUTSTANDING);
            disk.run(10 * SECOND_NS);
            disk.forget();
            disk.run(100 * SECOND_NS);
            assertThat(limited.done() / 100.0).isCloseTo(30, within(0.9));
            assertThat(percentile(free.latencies(), 99)).isLessThan(SECOND_NS / 10);
        });
    }

    @Test
    void repairAtFullSpeedIsHardlyFelt() {
        SeededTest.run(2, random -> {
            final long without = percentile(beside(random, 0).latencies, 99);
            final Beside repair = beside(random, 64);
            assertThat(percentile(repair.latencies, 99)).isLessThan(without * 6 / 5);
            assertThat(repair.repaired / 1000.0).as("repaired a second").isGreaterThan(DISK * 0.25);
        });
    }

    @Test
    void repairIsNotStarvedByAFlood() {
        SeededTest.run(2, random -> {
            final SlowDisk disk = flooded(random, ScheduleSettings.HDD, 1);
            disk.repairAtFullSpeed(64);
            disk.run(20 * SECOND_NS);
            disk.forget();
            disk.run(100 * SECOND_NS);
            assertThat(disk.repaired() / 100.0).as("repaired a second").isBetween(0.08 * DISK, 0.12 * DISK);
        });
    }

    private record Beside(List<Long> latencies, long repaired) {}

    /// Clients that leave three tenths of the disk, with repairs that could use all of it.
    private static Beside beside(RandomGenerator random, int repairs) {
        final SlowDisk disk = new SlowDisk(random, ScheduleSettings.HDD, 1, DISK);
        for (int volume = 1; volume <= 20; volume++) {
            disk.client(volume, WEIGHT, 0.7 * DISK / 20, OUTSTANDING);
        }
        disk.repairAtFullSpeed(repairs);
        disk.run(10 * SECOND_NS);
        disk.forget();
        disk.run(1000 * SECOND_NS);
        final List<Long> latencies = disk.clients().stream()
                .flatMap(each -> each.latencies().stream())
                .toList();
        return new Beside(latencies, disk.repaired());
    }

    private static SlowDisk flooded(RandomGenerator random, @Nullable ScheduleSettings settings, int weights) {
        final SlowDisk disk = new SlowDisk(random, settings, 1, DISK);
        for (int volume = 1; volume <= VOLUMES; volume++) {
            disk.client(volume, WEIGHT * (1 + volume % weights), 10 * DISK / VOLUMES, OUTSTANDING);
        }
        return disk;
    }

    private static double jain(SlowDisk disk) {
        double sum = 0;
        double squares = 0;
        for (final SlowDisk.Client client : disk.clients()) {
            sum += client.done();
            squares += (double) client.done() * client.done();
        }
        return sum * sum / (disk.clients().size() * squares);
    }

    private static long percentile(List<Long> latencies, int percent) {
        final List<Long> sorted = latencies.stream().sorted().toList();
        return sorted.get((int) ((long) sorted.size() * percent / 100));
    }
}
