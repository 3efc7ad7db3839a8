package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.ExceptionEntry.Reason;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Versions, look-ups and what a map refuses, with the words that an operator reads.
class ClusterMapTest {
    private static final RoutingRule RULE = new RoutingRule(16, 3, FailureDomain.HOST);
    private static final ClusterMap MAP = Maps.even(RULE, 3, 1, 2);

    @Test
    void everyChangeIsAVersionOfItsOwn() {
        assertThat(MAP.version()).isEqualTo(1);
        final ClusterMap next = MAP.withDeviceState(1, DeviceState.DOWN_IN);
        assertThat(next.version()).isEqualTo(2);
        assertThat(Maps.require(MAP, 1).state()).isEqualTo(DeviceState.UP_IN);
        assertThat(Maps.require(next, 1).state()).isEqualTo(DeviceState.DOWN_IN);
        assertThat(next.toBuilder().version(77).build().version()).isEqualTo(77);
        assertThat(next).isNotEqualTo(MAP);
    }

    @Test
    void findsDevicesById() {
        assertThat(Maps.require(MAP, 6).location()).isEqualTo(new Location("room", "rack2", "host0"));
        assertThat(MAP.device(7)).isNull();
        assertThat(MAP.devices()).extracting(Device::id).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void takesDevicesAndPlacementGroupsInAndOut() {
        final Device seventh = Maps.device(7, 4, "rack3", "host0", Maps.WEIGHT);
        final ClusterMap map = MAP.withDevice(seventh)
                .withPg(3, 1, ReplicaSet.of(7, 1, 3), 0b110)
                .withPg(3, 2, ReplicaSet.of(1, 3), 0b11);
        assertThat(map.epoch(3)).isEqualTo(2);
        assertThat(map.primaryDevice(3)).isEqualTo(1);
        assertThat(map.withoutDevice(7).device(7)).isNull();
        assertThat(map.withDevice(seventh.withAddress("10.1.1.1:7711")).device(7))
                .isEqualTo(seventh.withAddress("10.1.1.1:7711"));
    }

    @Test
    void refusesADuplicateId() {
        refused(() -> MAP.toBuilder().addDevice(Maps.device(1, 9, "r", "h", 1)), "device id 1", "10.0.0.1:7710");
    }

    @Test
    void refusesWeightsOutOfRange() {
        refused(() -> Maps.device(1, 1, "r", "h", 0), "weight 0.00000 of device 1", "OUT");
        refused(() -> Maps.device(1, 1, "r", "h", -5), "weight");
        refused(() -> Maps.device(1, 1, "r", "h", Device.WEIGHT_MAX + 1), "weight", "16384.0");
        refused(() -> MAP.toBuilder().deviceWeight(1, 0), "weight");
        refused(() -> MAP.toBuilder().deviceWeight(99, 1), "device 99 is not in the map");
    }

    @Test
    void refusesBadIdsAddressesAndPlaces() {
        refused(() -> Maps.device(0, 1, "r", "h", 1), "device id 0");
        refused(() -> Maps.device(1, 0, "r", "h", 1), "node id 0");
        for (final String address : List.of("", "host", ":1", "host:", "host:0", "host:65536", "host:7x", "h:-1")) {
            refused(() -> Maps.require(MAP, 1).withAddress(address), "address '" + address + "'", "host:port");
        }
        assertThat(Maps.require(MAP, 1).withAddress("[::1]:65535").address()).isEqualTo("[::1]:65535");
        refused(() -> new Location("", "r", "h"), "room of a location is blank");
        refused(() -> new Location("a", "r/2", "h"), "rack name 'r/2'");
        refused(() -> new Location("a", "r", "h".repeat(129)), "host name of 129 characters");
        refused(() -> Location.parse("room/rack"), "room/rack/host");
        assertThat(Location.parse("a/b/c")).isEqualTo(new Location("a", "b", "c"));
    }

    @Test
    void refusesANodeAtTwoPlaces() {
        refused(
                () -> MAP.withDevice(Maps.device(7, 1, "rack9", "host0", 1)),
                "room/rack9/host0",
                "node 1",
                "stands at one place");
    }

    @Test
    void refusesToRemoveADeviceThatHasCopies() {
        final ClusterMap map = MAP.withPg(5, 1, ReplicaSet.of(2, 4, 6), 0b111);
        refused(() -> map.withoutDevice(4), "pg 5", "device 4", "move its copies away");
        refused(() -> map.withoutDevice(99), "device 99");
    }

    @Test
    void refusesRulesOutOfRange() {
        refused(() -> new RoutingRule(0, 3, FailureDomain.HOST), "pg count 0");
        refused(() -> new RoutingRule(65537, 3, FailureDomain.HOST), "pg count 65537");
        refused(() -> new RoutingRule(1, 0, FailureDomain.HOST), "copies 0");
        refused(() -> new RoutingRule(1, 8, FailureDomain.HOST), "copies 8");
        refused(() -> new RoutingRule(1, 3, FailureDomain.HOST, 4), "relaxations 4");
    }

    @Test
    void tellsWhenThereAreMoreCopiesThanDomains() {
        assertThat(MAP.violation()).isNull();
        assertThat(MAP.requirePlaceable()).isSameAs(MAP);
        final ClusterMap two = MAP.withDeviceState(1, DeviceState.OUT).withDeviceState(2, DeviceState.OUT);
        assertThat(two.violation()).contains("copies 3", "HOST", "has 2");
        refused(two::requirePlaceable, "copies 3");
        refused(() -> ClusterMap.builder(RULE).build().requirePlaceable(), "has 0");
    }

    @Test
    void refusesStatesThatMayNotFollow() {
        final ClusterMap out = MAP.withDeviceState(1, DeviceState.OUT);
        refused(() -> out.withDeviceState(1, DeviceState.FULL), "device 1", "from OUT to FULL");
        assertThat(out.toBuilder().deviceState(1, DeviceState.OUT).build().devices())
                .isEqualTo(out.devices());
    }

    @Test
    void refusesBadExceptions() {
        refused(() -> exception(16, 1, 2, 3), "pg 16", "0 to 15");
        refused(() -> exception(-1, 1), "pg -1");
        refused(() -> exception(0, 1, 2, 3, 4), "names 4 devices");
        refused(() -> exception(0, 9), "device 9, which is not in the map");
        refused(() -> exception(0), "names no device");
        refused(() -> ReplicaSet.of(1, 2, 1), "device 1 twice");
        refused(() -> ReplicaSet.of(0), "device 0");
        refused(() -> ReplicaSet.of(1, 2, 3, 4, 5, 6, 7, 8, 9), "more than 8");
        final ExceptionEntry entry = new ExceptionEntry(3, ReplicaSet.of(1), Reason.OPERATOR);
        refused(() -> ExceptionTable.of(List.of(entry, entry)), "pg 3 is given twice");
    }

    @Test
    void keepsExceptionsByPlacementGroup() {
        final ClusterMap map = MAP.toBuilder()
                .exception(new ExceptionEntry(7, ReplicaSet.of(1), Reason.OPERATOR))
                .exception(new ExceptionEntry(3, ReplicaSet.of(2), Reason.TEMPORARY))
                .exception(new ExceptionEntry(7, ReplicaSet.of(5), Reason.OPERATOR))
                .build();
        assertThat(map.exceptions().entries()).extracting(ExceptionEntry::pg).containsExactly(3, 7);
        assertThat(map.exceptions().entry(7)).isEqualTo(new ExceptionEntry(7, ReplicaSet.of(5), Reason.OPERATOR));
        assertThat(map.exceptions().entry(4)).isNull();
        final ClusterMap without = map.toBuilder().removeException(7).build();
        assertThat(without.exceptions().size()).isEqualTo(1);
        assertThat(without.toBuilder().removeException(3).build().exceptions()).isEqualTo(ExceptionTable.EMPTY);
    }

    @Test
    void saysHowManyCopiesAChangeNeeds() {
        assertThat(MAP.minCopies()).isOne();
        final ClusterMap two = MAP.withMinCopies(2);
        assertThat(two.minCopies()).isEqualTo(2);
        assertThat(two.version()).isEqualTo(MAP.version() + 1);
        assertThat(two.withDeviceState(1, DeviceState.DOWN_IN).minCopies()).isEqualTo(2);
        assertThat(two.toBuilder().minCopies(1).version(two.version()).build()).isNotEqualTo(two);
        refused(() -> MAP.withMinCopies(0), "min copies 0");
        refused(() -> MAP.withMinCopies(MAP.copies() + 1), "min copies", "number of copies");
    }

    private static ClusterMap exception(int pg, int... devices) {
        return MAP.toBuilder()
                .exception(new ExceptionEntry(pg, ReplicaSet.of(devices), Reason.OPERATOR))
                .build();
    }

    private static void refused(ThrowingCallable action, String... words) {
        assertThatThrownBy(action)
                .isInstanceOf(InvalidClusterMapException.class)
                .hasMessageContainingAll(words);
    }
}
