package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BlkConfigurationTest {
    private static BlkDevice device(FakeVolume volume) {
        return new BlkDevice(volume, "x", false, false, BlkLimits.DEFAULT.withQueueCount(4));
    }

    @Test
    void showsTheDiskAtTheSpecifiedOffsets() {
        final byte[] space = new BlkConfiguration(device(new FakeVolume(1 << 20, 512))).read(0, 96);
        final ByteBuffer fields = ByteBuffer.wrap(space).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(fields.getLong(0)).as("capacity").isEqualTo(2048);
        assertThat(fields.getInt(8)).as("size_max").isZero();
        assertThat(fields.getInt(12)).as("seg_max").isEqualTo(126);
        assertThat(fields.getInt(20)).as("blk_size").isEqualTo(512);
        assertThat(fields.get(24)).as("physical_block_exp").isEqualTo((byte) 3);
        assertThat(fields.get(32)).as("writeback").isEqualTo((byte) 1);
        assertThat(fields.getShort(34)).as("num_queues").isEqualTo((short) 4);
        assertThat(fields.getInt(36)).as("max_discard_sectors").isEqualTo(1 << 21);
        assertThat(fields.getInt(40)).as("max_discard_seg").isEqualTo(16);
        assertThat(fields.getInt(44)).as("discard_sector_alignment").isEqualTo(1);
        assertThat(fields.getInt(48)).as("max_write_zeroes_sectors").isEqualTo(1 << 17);
        assertThat(fields.getInt(52)).as("max_write_zeroes_seg").isEqualTo(16);
        assertThat(fields.get(56)).as("write_zeroes_may_unmap").isEqualTo((byte) 1);
        assertThat(Arrays.copyOfRange(space, 57, 96)).containsOnly(0);
    }

    @Test
    void showsBlocksOf4096() {
        final byte[] space = new BlkConfiguration(device(new FakeVolume(1 << 20, 4096))).read(0, 96);
        final ByteBuffer fields = ByteBuffer.wrap(space).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(fields.getLong(0)).isEqualTo(2048);
        assertThat(fields.getInt(20)).isEqualTo(4096);
        assertThat(fields.get(24)).isZero();
        assertThat(fields.getInt(44)).isEqualTo(8);
    }

    @Test
    void hidesTheLimitsOfWhatTheVolumeCannotDo() {
        final FakeVolume volume =
                new FakeVolume(1 << 20, 512).without(BlockOperation.DISCARD).without(BlockOperation.WRITE_ZEROES);
        assertThat(new BlkConfiguration(device(volume)).read(36, 60)).containsOnly(0);
    }

    @Test
    void answersEverySizeUpTo256WithZerosBehindItsEnd() {
        final BlkConfiguration space = new BlkConfiguration(device(new FakeVolume(1 << 20, 512)));
        final byte[] whole = space.read(0, 256);
        assertThat(Arrays.copyOfRange(whole, 96, 256)).containsOnly(0);
        for (int length = 1; length <= 256; length++) {
            assertThat(space.read(0, length)).isEqualTo(Arrays.copyOf(whole, length));
        }
        assertThat(space.read(20, 4)).isEqualTo(Arrays.copyOfRange(whole, 20, 24));
        assertThat(space.read(255, 1)).containsExactly(0);
    }

    @Test
    void refusesRangesThatNoSpaceHas() {
        final BlkConfiguration space = new BlkConfiguration(device(new FakeVolume(1 << 20, 512)));
        for (final int[] range : new int[][] {{0, 257}, {256, 1}, {-1, 4}, {0, 0}, {4, -1}, {1, Integer.MAX_VALUE}}) {
            assertThat(BlkConfiguration.accepts(range[0], range[1])).isFalse();
            assertThatThrownBy(() -> space.read(range[0], range[1])).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void writesOnlyTheCacheMode() {
        final BlkDevice device = device(new FakeVolume(1 << 20, 512));
        final BlkConfiguration space = new BlkConfiguration(device);
        assertThat(space.write(32, new byte[] {0})).isTrue();
        assertThat(device.writeback()).isFalse();
        assertThat(space.read(32, 1)).containsExactly(0);
        assertThat(space.write(32, new byte[] {1})).isTrue();
        assertThat(device.writeback()).isTrue();
        assertThat(space.write(32, new byte[] {2})).isFalse();
        assertThat(space.write(32, new byte[] {0, 0})).isFalse();
        assertThat(space.write(0, new byte[] {0})).isFalse();
        assertThat(space.write(34, new byte[] {0})).isFalse();
        assertThat(device.writeback()).isTrue();
    }

    @Test
    void refusesACacheModeThatItDoesNotOffer() {
        final BlkDevice device = device(new FakeVolume(1 << 20, 512).without(BlockOperation.FLUSH));
        assertThat(new BlkConfiguration(device).write(32, new byte[] {0})).isFalse();
        assertThat(device.writeback()).isTrue();
    }

    @Test
    void followsAResize() {
        final BlkDevice device = device(new FakeVolume(1 << 20, 512));
        device.resize(1L << 45);
        assertThat(ByteBuffer.wrap(new BlkConfiguration(device).read(0, 8))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong())
                .isEqualTo(1L << 36);
    }
}
