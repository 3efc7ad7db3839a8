package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import org.junit.jupiter.api.Test;

class ShardRouterTest {
    private static final int MIB = 1 << 20;

    private long sum;

    @Test
    void findsTheShardOfAnOffset() {
        assertThat(ShardRouter.shardIndex(0, MIB)).isZero();
        assertThat(ShardRouter.shardIndex(MIB - 1, MIB)).isZero();
        assertThat(ShardRouter.shardIndex(MIB, MIB)).isEqualTo(1);
        assertThat(ShardRouter.shardIndex(((long) Integer.MAX_VALUE << 26) + 5, 64 * MIB))
                .isEqualTo(Integer.MAX_VALUE);
        assertThat(ShardRouter.offsetInShard(((long) Integer.MAX_VALUE << 26) + 5, 64 * MIB))
                .isEqualTo(5);
    }

    @Test
    void splitsARangeAtShardBordersWithoutGapOrOverlap() {
        SeededTest.run(200, random -> {
            final int shardBytes = ShardRouter.SHARD_BYTES_MIN << random.nextInt(11);
            long offset = random.nextLong(1L << 40);
            long left = random.nextLong(1, 4L * shardBytes);
            final long end = offset + left;
            while (left > 0) {
                final int length = ShardRouter.lengthInShard(offset, left, shardBytes);
                assertThat(length).isPositive();
                assertThat(ShardRouter.shardIndex(offset + length - 1, shardBytes))
                        .isEqualTo(ShardRouter.shardIndex(offset, shardBytes));
                assertThat((long) ShardRouter.shardIndex(offset, shardBytes) * shardBytes
                                + ShardRouter.offsetInShard(offset, shardBytes))
                        .isEqualTo(offset);
                offset += length;
                left -= length;
            }
            assertThat(offset).isEqualTo(end);
        });
    }

    @Test
    void acceptsPowersOfTwoWithinTheLimitsAsShardSize() {
        assertThat(ShardRouter.validShardBytes(64 << 10)).isTrue();
        assertThat(ShardRouter.validShardBytes(64 * MIB)).isTrue();
        assertThat(ShardRouter.validShardBytes(32 << 10)).isFalse();
        assertThat(ShardRouter.validShardBytes(128 * MIB)).isFalse();
        assertThat(ShardRouter.validShardBytes(3 * MIB)).isFalse();
        assertThat(ShardRouter.validShardBytes(0)).isFalse();
        assertThat(ShardRouter.validShardBytes(Integer.MIN_VALUE)).isFalse();
    }

    @Test
    void keepsTheGoldenPlacementGroups() {
        assertThat(ShardRouter.pgOf(1, 0, 4096)).isEqualTo(1464);
        assertThat(ShardRouter.pgOf(1, 1, 4096)).isEqualTo(2427);
        assertThat(ShardRouter.pgOf(1, 2, 4096)).isEqualTo(2931);
        assertThat(ShardRouter.pgOf(1, 3, 4096)).isEqualTo(3863);
        assertThat(ShardRouter.pgOf(Long.MAX_VALUE, Integer.MAX_VALUE, 65536)).isEqualTo(22498);
    }

    @Test
    void spreadsTheShardsOfOnePartEvenly() {
        SeededTest.run(10, random -> {
            final int pgCount = random.nextInt(100, 1000);
            final int[] counts = new int[pgCount];
            final long partId = random.nextLong(1, Long.MAX_VALUE);
            final int perPg = 200;
            for (int shard = 0; shard < perPg * pgCount; shard++) {
                counts[ShardRouter.pgOf(partId, shard, pgCount)]++;
            }
            double chiSquared = 0;
            for (final int count : counts) {
                chiSquared += (double) (count - perPg) * (count - perPg) / perPg;
            }
            // Mean pgCount, standard deviation sqrt(2 pgCount): six deviations are never seen by chance.
            assertThat(Math.abs(chiSquared - pgCount)).isLessThan(6 * Math.sqrt(2.0 * pgCount));
        });
    }

    @Test
    void allocatesNothing() {
        final ClusterMap bare = Maps.even(new RoutingRule(512, 3, FailureDomain.RACK), 4, 2, 2);
        final ClusterMap map = bare.toBuilder()
                .pgTable(Placement.of(bare).placeAll().toPgTable(1))
                .build();
        final long[] offset = {0};
        final long bytes = AllocationProbe.bytesAllocated(100_000, () -> {
            offset[0] += 4096 * 37;
            final int shard = ShardRouter.shardIndex(offset[0], MIB);
            final int length = ShardRouter.lengthInShard(offset[0], 8192, MIB);
            final int pg = map.pgOf(7, shard);
            sum += length + map.primaryDevice(pg) + map.epoch(pg) + map.replica(pg, 1);
            sum += map.inSync(pg, 2) ? 1 : 0;
            sum += map.pgTable().indexOf(pg, 3) + map.pgTable().inSyncCount(pg);
        });
        assertThat(bytes).isZero();
        assertThat(sum).isPositive();
    }
}
