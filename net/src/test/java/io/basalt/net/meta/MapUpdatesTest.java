package io.basalt.net.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.MapCodec;
import io.basalt.wire.meta.MapPiece;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.Subscription.HeldMap;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Pieces become maps, and whatever does not fit is noticed.
class MapUpdatesTest {
    private static final int SET = 1;

    private final MapUpdates updates = new MapUpdates();
    private final ClusterMap first = ClusterMap.builder(new RoutingRule(8, 1, FailureDomain.DEVICE))
            .addDevice(new Device(1, 1, new Location("r", "k", "h"), 65536, DeviceState.UP_IN, "127.0.0.1:7710"))
            .build();
    private final ClusterMap second = first.withDeviceState(1, DeviceState.DOWN_IN);

    @Test
    void aMapComesInPieces() {
        final byte[] bytes = MapCodec.encode(first);
        for (int at = 0; at < bytes.length - 1; at++) {
            assertThat(take(bytes, 0, 1, at, 1)).isNull();
        }
        assertThat(take(bytes, 0, 1, bytes.length - 1, 1)).isEqualTo(first);
        assertThat(updates.held()).containsExactly(new HeldMap(SET, 1));
    }

    @Test
    void aDeltaLeadsToTheNextMap() {
        whole(first, 0);
        assertThat(whole(MapCodec.encodeDelta(first, second), 1, 2)).isEqualTo(second);
        assertThat(updates.map(SET)).isEqualTo(second);
    }

    @Test
    void anOlderMapIsPassedOver() {
        whole(second, 0);
        assertThat(whole(first, 0)).isNull();
        assertThat(updates.map(SET)).isEqualTo(second);
    }

    @Test
    void aMissingPieceIsNoticed() {
        final byte[] bytes = MapCodec.encode(first);
        take(bytes, 0, 1, 0, 4);
        assertThatThrownBy(() -> take(bytes, 0, 1, 8, 4))
                .isInstanceOf(MetaFormatException.class)
                .hasMessageContaining("missing before offset 8");
    }

    @Test
    void aDeltaWithoutItsMapIsNoticed() {
        assertThatThrownBy(() -> whole(MapCodec.encodeDelta(first, second), 1, 2))
                .isInstanceOf(MetaFormatException.class);
    }

    @Test
    void aDamagedUpdateIsNoticedAndEverythingAskedForAnew() {
        whole(first, 0);
        final byte[] bytes = MapCodec.encode(second);
        final MapPiece wrong = new MapPiece(SET, 0, 2, bytes.length, 0, 1);
        assertThatThrownBy(() -> updates.take(wrong, new FieldReader(bytes))).hasMessageContaining("checksum");
        updates.distrust();
        assertThat(updates.held()).isEmpty();
        assertThat(updates.map(SET)).isEqualTo(first);
        whole(second, 0);
        assertThat(updates.held()).containsExactly(new HeldMap(SET, 2));
    }

    @Test
    void aLostConnectionForgetsWhatHadBegun() {
        final byte[] bytes = MapCodec.encode(first);
        take(bytes, 0, 1, 0, 4);
        updates.interrupted();
        assertThatThrownBy(() -> take(bytes, 0, 1, 4, 4)).isInstanceOf(MetaFormatException.class);
        assertThat(whole(first, 0)).isEqualTo(first);
    }

    private @Nullable ClusterMap whole(ClusterMap map, long fromVersion) {
        return whole(MapCodec.encode(map), fromVersion, map.version());
    }

    private @Nullable ClusterMap whole(byte[] bytes, long fromVersion, long toVersion) {
        return take(bytes, fromVersion, toVersion, 0, bytes.length);
    }

    private @Nullable ClusterMap take(byte[] bytes, long fromVersion, long toVersion, int offset, int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes);
        final MapPiece piece = new MapPiece(SET, fromVersion, toVersion, bytes.length, offset, (int) crc.getValue());
        return updates.take(piece, new FieldReader(Arrays.copyOfRange(bytes, offset, offset + length)));
    }
}
