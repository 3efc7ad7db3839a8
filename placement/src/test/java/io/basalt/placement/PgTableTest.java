package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PgTableTest {
    @Test
    void startsWithNoPlacementGroupCreated() {
        final PgTable table = PgTable.empty(4, 3);
        assertThat(table.pgCount()).isEqualTo(4);
        assertThat(table.copies()).isEqualTo(3);
        for (int pg = 0; pg < 4; pg++) {
            assertThat(table.epoch(pg)).isZero();
            assertThat(table.primaryDevice(pg)).isEqualTo(PgTable.NO_DEVICE);
            assertThat(table.replicaCount(pg)).isZero();
            assertThat(table.inSync(pg, 0)).isFalse();
            assertThat(table.replicas(pg)).isEqualTo(ReplicaSet.of());
        }
    }

    @Test
    void thePrimaryIsTheFirstReplicaInSync() {
        final PgTable table = new PgTable.Builder(4, 3)
                .set(0, 1, ReplicaSet.of(5, 6, 7), 0b111)
                .set(1, 2, ReplicaSet.of(5, 6, 7), 0b110)
                .set(2, 3, ReplicaSet.of(5, 6, 7), 0b100)
                .set(3, 4, ReplicaSet.of(5, 6, 7), 0)
                .build();
        assertThat(table.primaryDevice(0)).isEqualTo(5);
        assertThat(table.primaryDevice(1)).isEqualTo(6);
        assertThat(table.primaryDevice(2)).isEqualTo(7);
        assertThat(table.primaryDevice(3)).isEqualTo(PgTable.NO_DEVICE);
        assertThat(table.inSyncCount(1)).isEqualTo(2);
        assertThat(table.inSyncMask(1)).isEqualTo(0b110);
        assertThat(table.inSync(1, 0)).isFalse();
        assertThat(table.inSync(1, 2)).isTrue();
    }

    @Test
    void tellsReplicasAndTheirPlaces() {
        final PgTable table = new PgTable.Builder(2, 7)
                .set(1, 9, ReplicaSet.of(30, 10, 20), 0b101)
                .build();
        assertThat(table.replica(1, 0)).isEqualTo(30);
        assertThat(table.replica(1, 2)).isEqualTo(20);
        assertThat(table.replica(1, 3)).isEqualTo(PgTable.NO_DEVICE);
        assertThat(table.indexOf(1, 10)).isEqualTo(1);
        assertThat(table.indexOf(1, 11)).isEqualTo(-1);
        assertThat(table.replicas(1)).isEqualTo(ReplicaSet.of(30, 10, 20));
        assertThat(table.epoch(1)).isEqualTo(9);
    }

    @Test
    void aSmallerSetLeavesNothingOfTheLargerOne() {
        final PgTable large = new PgTable.Builder(1, 3)
                .set(0, 1, ReplicaSet.of(1, 2, 3), 0b111)
                .build();
        final PgTable small = large.toBuilder().set(0, 2, ReplicaSet.of(4), 0b1).build();
        assertThat(small.replicas(0)).isEqualTo(ReplicaSet.of(4));
        assertThat(small.indexOf(0, 2)).isEqualTo(-1);
        assertThat(large.replicas(0)).isEqualTo(ReplicaSet.of(1, 2, 3));
        assertThat(small).isNotEqualTo(large);
        assertThat(small)
                .isEqualTo(new PgTable.Builder(1, 3)
                        .set(0, 2, ReplicaSet.of(4), 0b1)
                        .build());
    }

    @Test
    void holdsSevenCopiesInSync() {
        final PgTable table = new PgTable.Builder(1, 7)
                .set(0, PgTable.EPOCH_MAX, ReplicaSet.of(1, 2, 3, 4, 5, 6, 7), 0b111_1111)
                .build();
        assertThat(table.inSyncCount(0)).isEqualTo(7);
        assertThat(table.inSync(0, 6)).isTrue();
    }

    @Test
    void hasAPlaceForAGuestThatTakesACopyOver() {
        final PgTable table = new PgTable.Builder(2, 7)
                .set(0, 5, ReplicaSet.of(1, 2, 3, 4, 5, 6, 7, 8), 0b1111_1111)
                .set(1, 1, ReplicaSet.of(8, 7, 6, 5, 4, 3, 2, 1), 0b1000_0000)
                .build();
        assertThat(table.copies()).isEqualTo(7);
        assertThat(table.places()).isEqualTo(8);
        assertThat(table.replicaCount(0)).isEqualTo(8);
        assertThat(table.inSyncMask(0)).isEqualTo(0xff);
        assertThat(table.inSyncCount(0)).isEqualTo(8);
        assertThat(table.inSync(0, 7)).isTrue();
        assertThat(table.indexOf(0, 8)).isEqualTo(7);
        assertThat(table.primaryDevice(1)).isEqualTo(1);
        assertThat(table.toBuilder().build()).isEqualTo(table);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        final PgTable.Builder builder = new PgTable.Builder(4, 2);
        final ReplicaSet two = ReplicaSet.of(1, 2);
        assertThatThrownBy(() -> builder.set(4, 1, two, 0b11)).hasMessageContaining("pg 4");
        assertThatThrownBy(() -> builder.set(-1, 1, two, 0b11)).hasMessageContaining("pg -1");
        assertThatThrownBy(() -> builder.set(0, 0, two, 0b11)).hasMessageContaining("epoch 0");
        assertThatThrownBy(() -> builder.set(0, 1 << 23, two, 0b11)).hasMessageContaining("epoch 8388608");
        assertThatThrownBy(() -> builder.set(0, 1, ReplicaSet.of(1, 2, 3, 4), 0b1))
                .hasMessageContaining("4 replicas");
        assertThatThrownBy(() -> builder.set(0, 1, two, 0b100)).hasMessageContaining("0b100");
        assertThatThrownBy(() -> builder.set(0, 1, two, -1)).hasMessageContaining("in-sync flags");
        assertThatThrownBy(() -> PgTable.empty(0, 3)).hasMessageContaining("0 pgs");
        assertThatThrownBy(() -> PgTable.empty(1, 8)).hasMessageContaining("8 copies");
        assertThat(builder.build()).isEqualTo(PgTable.empty(4, 2));
    }
}
