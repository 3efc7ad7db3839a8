package io.basalt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import org.junit.jupiter.api.Test;

class NullVolumeTest extends VolumeContract {
    @Override
    protected Volume create(long sizeBytes) {
        return new NullVolume("null0", sizeBytes, blockSize());
    }

    @Override
    protected int blockSize() {
        return 512;
    }

    @Override
    protected int allocationRuns() {
        return 100_000;
    }

    @Override
    protected boolean keepsData() {
        return false;
    }

    @Test
    void leavesTheBufferOfAReadUntouched() {
        final TestBench b = bench();
        assertThat(b.write(0, TestBench.filled(4096, 1))).isEqualTo(BlockStatus.OK);
        b.memory().wipe();
        assertThat(b.run(BlockOperation.READ, 0, 4096)).isEqualTo(BlockStatus.OK);
        assertThat(TestMemory.load(b.request().data())).isEqualTo(TestBench.filled(4096, TestMemory.UNTOUCHED));
    }

    @Test
    void refusesUnusableParametersByName() {
        assertThatThrownBy(() -> new NullVolume(" ", 4096, 512)).hasMessageStartingWith("name:");
        assertThatThrownBy(() -> new NullVolume("n", 4096, 1024)).hasMessageStartingWith("block_size:");
        assertThatThrownBy(() -> new NullVolume("n", 4097, 512)).hasMessageStartingWith("size:");
        assertThatThrownBy(() -> new NullVolume("n", 0, 512)).hasMessageStartingWith("size:");
        assertThatThrownBy(() -> new NullVolume("n", Long.MAX_VALUE & -4096, 512))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.code()).isEqualTo(-22));
    }
}
