package io.basalt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.linux.memory.HugePages;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class RamVolumeTest extends VolumeContract {
    @Override
    protected Volume create(long sizeBytes) {
        return new RamVolume("ram0", sizeBytes, blockSize(), 0);
    }

    @Override
    protected int blockSize() {
        return 512;
    }

    @Override
    protected int allocationRuns() {
        return 100_000;
    }

    @Test
    void zeroesALongRangeInStepsSoThatOthersGetTheirTurn() {
        final TestBench b = bench(64 << 20);
        b.write((64 << 20) - 4096, TestBench.filled(4096, 1));
        final TestRequest whole = new TestRequest();
        whole.data().reset(b.memory().table());
        assertThat(whole.ask(BlockOperation.DISCARD, 0, 64 << 20).submit(b.channel()))
                .isEqualTo(BlockStatus.PENDING);
        assertThat(b.channel().inFlight()).isEqualTo(1);
        b.reactor().reactor().runOnce();
        assertThat(whole.ended()).isFalse();
        assertThat(b.run(BlockOperation.READ, 0, 4096)).isEqualTo(BlockStatus.OK);
        b.reactor().until("discard ends", whole::ended);
        assertThat(b.read((64 << 20) - 4096, 4096)).isEqualTo(new byte[4096]);
        assertThat(b.channel().inFlight()).isZero();
    }

    @Test
    void worksOnHugePagesOrSaysWhyNot() {
        try (RamVolume volume = new RamVolume("huge", 4 << 20, 4096, HugePages.BYTES_2M)) {
            if (volume.hugePageFallback() != null) {
                assertThat(volume.hugePageFallback()).contains("huge pages");
            }
            assertThat(volume.sizeBytes()).isEqualTo(4 << 20);
        }
    }

    @Test
    void refusesASizeThatNoMemoryHolds() {
        assertThatThrownBy(() -> new RamVolume("ram", VolumeRules.SIZE_BYTES_MAX, 512, 0))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.field()).isEqualTo("size"));
    }

    /// The contract with larger blocks.
    @Nested
    class WithBlocksOf4096 extends VolumeContract {
        @Override
        protected Volume create(long sizeBytes) {
            return new RamVolume("ram4k", sizeBytes, blockSize(), 0);
        }

        @Override
        protected int blockSize() {
            return 4096;
        }

        @Override
        protected int allocationRuns() {
            return 100_000;
        }
    }
}
