package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeviceStateTest {
    @Test
    void followsItsDrawing() {
        final Map<DeviceState, Set<DeviceState>> drawn = new EnumMap<>(DeviceState.class);
        drawn.put(
                DeviceState.UP_IN,
                EnumSet.of(DeviceState.FULL, DeviceState.DOWN_IN, DeviceState.DRAINING, DeviceState.OUT));
        drawn.put(
                DeviceState.FULL,
                EnumSet.of(DeviceState.UP_IN, DeviceState.DOWN_IN, DeviceState.DRAINING, DeviceState.OUT));
        drawn.put(
                DeviceState.DOWN_IN,
                EnumSet.of(DeviceState.UP_IN, DeviceState.FULL, DeviceState.DRAINING, DeviceState.OUT));
        drawn.put(DeviceState.DRAINING, EnumSet.of(DeviceState.UP_IN, DeviceState.OUT));
        drawn.put(DeviceState.OUT, EnumSet.of(DeviceState.UP_IN, DeviceState.DRAINING));
        for (final DeviceState from : DeviceState.values()) {
            for (final DeviceState to : DeviceState.values()) {
                assertThat(from.canBecome(to))
                        .as("%s to %s", from, to)
                        .isEqualTo(drawn.getOrDefault(from, Set.of()).contains(to));
            }
        }
    }

    @Test
    void tellsUpAndIn() {
        assertThat(DeviceState.values())
                .filteredOn(DeviceState::in)
                .containsExactly(DeviceState.UP_IN, DeviceState.FULL, DeviceState.DOWN_IN);
        assertThat(DeviceState.values())
                .filteredOn(DeviceState::up)
                .containsExactly(DeviceState.UP_IN, DeviceState.FULL, DeviceState.DRAINING);
    }

    @Test
    void weighsCapacityByTebibytes() {
        assertThat(Device.weightOf(1L << 40)).isEqualTo(Device.WEIGHT_ONE);
        assertThat(Device.weightOf(10L << 40)).isEqualTo(10 * Device.WEIGHT_ONE);
        assertThat(Device.weightOf(1)).isEqualTo(1);
        assertThat(Device.weightOf(Long.MAX_VALUE)).isEqualTo(Device.WEIGHT_MAX);
    }

    @Test
    void relaxesFromRoomToDevice() {
        assertThat(FailureDomain.ROOM.narrower()).isEqualTo(FailureDomain.RACK);
        assertThat(FailureDomain.RACK.narrower()).isEqualTo(FailureDomain.HOST);
        assertThat(FailureDomain.HOST.narrower()).isEqualTo(FailureDomain.DEVICE);
        assertThat(FailureDomain.DEVICE.relaxes()).isFalse();
    }
}
