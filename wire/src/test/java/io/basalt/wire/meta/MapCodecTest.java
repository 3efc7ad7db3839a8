package io.basalt.wire.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.ExceptionTable;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.testkit.SeededTest;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// A map and every difference between two maps survive the way, byte for byte the same as ever.
class MapCodecTest {
    private static final String GOLDEN =
            "01030700000000000000030000000203010202000000010000000100000001007201006b010068000001"
                    + "00010e003132372e302e302e313a37373130020000000200000001007201006b01006800800000030e00"
                    + "3132372e302e302e313a3737313101000000010000000202020000000100000001000000030201000000"
                    + "020000000400000001020200000001000000000000000000";
    private static final String GOLDEN_DELTA = "01040700000000000000080000000000000001" + "00000000" + "00000000" + "00"
            + "01000000" + "00000000" + "02000000" + "01" + "02" + "02000000" + "01000000";
    private static final String GOLDEN_VERSION_1_FIELDS =
            "07000000000000000300000002030102000000010000000100000001007201006b01006800000100"
                    + "010e003132372e302e302e313a37373130020000000200000001007201006b01006800800000030e"
                    + "003132372e302e302e313a3737313101000000010000000202020000000100000001000000030201"
                    + "000000020000000400000001020200000001000000000000000000";

    @Test
    void aMapIsReadAsItWasWritten() {
        assertThat(MapCodec.decode(MapCodec.encode(Messages.map()))).isEqualTo(Messages.map());
    }

    @Test
    void aMapHasTheBytesThatItAlwaysHad() {
        assertThat(HexFormat.of().formatHex(MapCodec.encode(Messages.map()))).isEqualTo(GOLDEN);
    }

    @Test
    void aMapOfVersion1IsReadWithTheMinCopiesThatWereKnownOtherwise() {
        final FieldReader reader = new FieldReader(HexFormat.of().parseHex(GOLDEN_VERSION_1_FIELDS));
        final ClusterMap map = MapCodec.readVersion1(reader, 2);
        assertThat(reader.remaining()).isZero();
        assertThat(map).isEqualTo(Messages.map());
        assertThat(map.minCopies()).isEqualTo(2);
    }

    @Test
    void aDeltaHasTheBytesThatItAlwaysHad() {
        final ClusterMap map = Messages.map();
        final ClusterMap next =
                map.toBuilder().minCopies(1).pg(0, 2, ReplicaSet.of(2, 1), 1).build();
        assertThat(HexFormat.of().formatHex(MapCodec.encodeDelta(map, next))).isEqualTo(GOLDEN_DELTA);
        assertThat(MapCodec.apply(map, MapCodec.encodeDelta(map, next)).minCopies())
                .isOne();
    }

    @Test
    void aGuestReplicaIsCarried() {
        final ClusterMap map = bigMap();
        final ClusterMap next = map.withPg(3, 2, ReplicaSet.of(4, 5, 6, 7), 7);
        assertThat(MapCodec.apply(map, MapCodec.encodeDelta(map, next))).isEqualTo(next);
        assertThat(MapCodec.decode(MapCodec.encode(next))).isEqualTo(next);
    }

    @Test
    void anyChangeIsCarriedByItsDelta() {
        SeededTest.run(300, random -> {
            ClusterMap map = randomMap(random);
            for (int step = 0; step < 5; step++) {
                final ClusterMap next = changed(map, random);
                final byte[] delta = MapCodec.encodeDelta(map, next);
                assertThat(MapCodec.apply(map, delta)).isEqualTo(next);
                map = next;
            }
        });
    }

    @Test
    void aDeltaNamesOnlyWhatHasChanged() {
        final ClusterMap map = bigMap();
        final ClusterMap next = map.withDeviceState(5, DeviceState.DOWN_IN);
        assertThat(MapCodec.encodeDelta(map, next).length).isLessThan(100);
        assertThat(MapCodec.encode(map).length).isGreaterThan(10_000);
    }

    @Test
    void aDeltaForAnotherVersionIsRefused() {
        final ClusterMap map = Messages.map();
        final ClusterMap next = map.withDeviceState(1, DeviceState.DOWN_IN);
        final byte[] delta = MapCodec.encodeDelta(map, next);
        assertThatThrownBy(() -> MapCodec.apply(next, delta))
                .isInstanceOf(MetaFormatException.class)
                .hasMessageContaining("delta is for map version 7");
    }

    @Test
    void arbitraryBytesAreReadOrRefusedAndNothingElse() {
        final byte[] whole = MapCodec.encode(Messages.map());
        final ClusterMap next = Messages.map().withPg(0, 2, ReplicaSet.of(2, 1), 1);
        final byte[] delta = MapCodec.encodeDelta(Messages.map(), next);
        SeededTest.run(20_000, random -> {
            final boolean isWhole = random.nextBoolean();
            final byte[] mutated = (isWhole ? whole : delta).clone();
            for (int change = 1 + random.nextInt(3); change > 0; change--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(isWhole ? MapCodec.decode(mutated) : MapCodec.apply(Messages.map(), mutated))
                        .isNotNull();
            } catch (MetaFormatException expected) {
                assertThat(expected.getMessage()).isNotEmpty();
            }
        });
    }

    private static ClusterMap bigMap() {
        final ClusterMapBuilder builder = ClusterMap.builder(new RoutingRule(1024, 3, FailureDomain.HOST));
        for (int id = 1; id <= 30; id++) {
            builder.addDevice(device(id, 65536));
        }
        for (int pg = 0; pg < 1024; pg++) {
            builder.pg(pg, 1, ReplicaSet.of(1 + pg % 30, 1 + (pg + 1) % 30, 1 + (pg + 2) % 30), 7);
        }
        return builder.build();
    }

    private static Device device(int id, int weight) {
        return new Device(
                id, id, new Location("r", "k", "h" + id), weight, DeviceState.UP_IN, "10.0.0.1:" + (7000 + id));
    }

    private static ClusterMap randomMap(RandomGenerator random) {
        final RoutingRule rule = new RoutingRule(1 + random.nextInt(20), 1 + random.nextInt(3), FailureDomain.RACK);
        final ClusterMapBuilder builder = ClusterMap.builder(rule).version(1 + random.nextInt(1000));
        final int devices = 3 + random.nextInt(5);
        for (int id = 1; id <= devices; id++) {
            builder.addDevice(device(id, 1 + random.nextInt(1 << 20)));
        }
        return builder.build();
    }

    private static ClusterMap changed(ClusterMap map, RandomGenerator random) {
        final ClusterMapBuilder builder = map.toBuilder();
        for (int change = random.nextInt(4); change >= 0; change--) {
            switch (random.nextInt(5)) {
                case 0 -> builder.device(device(1 + random.nextInt(12), 1 + random.nextInt(1 << 20)));
                case 1 -> {
                    final int pg = random.nextInt(map.pgCount());
                    final int device = map.devices().getFirst().id();
                    builder.pg(pg, 1 + random.nextInt(100), ReplicaSet.of(device), random.nextInt(2));
                }
                case 2 -> builder.exceptions(ExceptionTable.EMPTY);
                case 3 -> builder.minCopies(1 + random.nextInt(map.copies()));
                default -> builder.deviceWeight(map.devices().getFirst().id(), 1 + random.nextInt(1000));
            }
        }
        return builder.build();
    }
}
