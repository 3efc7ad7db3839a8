package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import org.junit.jupiter.api.Test;

class BlkDeviceTest {
    private final FakeVolume volume = new FakeVolume(1 << 20, 512);

    private BlkDevice device() {
        return new BlkDevice(volume, "serial", false, false, BlkLimits.DEFAULT);
    }

    @Test
    void offersWhatTheVolumeCanDo() {
        // SEG_MAX, BLK_SIZE, FLUSH, TOPOLOGY, CONFIG_WCE, DISCARD, WRITE_ZEROES, INDIRECT_DESC, EVENT_IDX, VERSION_1
        assertThat(device().offeredFeatures()).isEqualTo(0x1_3000_6e44L);
        volume.without(BlockOperation.FLUSH).without(BlockOperation.DISCARD).without(BlockOperation.WRITE_ZEROES);
        assertThat(device().offeredFeatures()).isEqualTo(0x1_3000_0444L);
    }

    @Test
    void offersReadOnlyQueuesAndPackedRingsWhereTheyAreWanted() {
        volume.readOnly = true;
        assertThat(device().offers(BlkSpec.VIRTIO_BLK_F_RO)).isTrue();
        assertThat(device().readOnly()).isTrue();
        volume.readOnly = false;
        final BlkDevice device = new BlkDevice(volume, "", true, true, BlkLimits.DEFAULT.withQueueCount(2));
        assertThat(device.offers(BlkSpec.VIRTIO_BLK_F_RO)).isTrue();
        assertThat(device.offers(BlkSpec.VIRTIO_BLK_F_MQ)).isTrue();
        assertThat(device.offers(BlkSpec.VIRTIO_F_RING_PACKED)).isTrue();
        assertThat(device().offers(BlkSpec.VIRTIO_BLK_F_MQ)).isFalse();
        assertThat(device().offers(BlkSpec.VIRTIO_F_RING_PACKED)).isFalse();
    }

    @Test
    void cutsAndPadsTheSerialNumber() {
        final BlkDevice padded = device();
        assertThat(padded.idByte(0)).isEqualTo((byte) 's');
        assertThat(padded.idByte(6)).isZero();
        assertThat(padded.idByte(19)).isZero();
        final BlkDevice cut = new BlkDevice(volume, "0123456789abcdefghijKLM", false, false, BlkLimits.DEFAULT);
        assertThat(cut.idByte(19)).isEqualTo((byte) 'j');
    }

    @Test
    void refusesSizesThatAreNotWholeBlocks() {
        assertThatThrownBy(() -> device().resize(513))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("513");
        assertThatThrownBy(() -> device().resize(-512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BlkDevice(new FakeVolume(1024, 1024), "", false, false, BlkLimits.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1024");
    }

    @Test
    void refusesLimitsThatCannotBeKept() {
        assertThatThrownBy(() -> BlkLimits.DEFAULT.withQueueCount(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("queueCount");
        assertThatThrownBy(() -> new BlkLimits(1, 2000, 1 << 20, 1, 1, 1, 1)).hasMessageContaining("segmentCountMax");
        assertThatThrownBy(() -> new BlkLimits(1, 126, 1 << 10, 1, 1, 1, 1)).hasMessageContaining("dataLengthMax");
        assertThatThrownBy(() -> new BlkLimits(1, 126, 1 << 20, 1, 65, 1, 1))
                .hasMessageContaining("discardSegmentsMax");
    }
}
