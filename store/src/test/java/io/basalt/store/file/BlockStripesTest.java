package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BlockStripesTest {
    private final BlockStripes stripes = new BlockStripes();

    @Test
    void givesAllBlocksOrNone() {
        assertThat(stripes.tryTake(10, 5)).isTrue();
        assertThat(stripes.tryTake(6, 5)).isFalse();
        assertThat(stripes.tryTake(14, 2)).isFalse();
        assertThat(stripes.tryTake(6, 4))
                .as("nothing is left taken by the failures")
                .isTrue();
        assertThat(stripes.tryTake(15, 1)).isTrue();
        stripes.release(10, 5);
        assertThat(stripes.tryTake(10, 5)).isTrue();
    }

    @Test
    void takesTheMostBlocksAtAnyPlace() {
        final long far = Long.MAX_VALUE / 4096 - 3;
        assertThat(stripes.tryTake(far, BlockStripes.BLOCK_COUNT_MAX)).isTrue();
        stripes.release(far, BlockStripes.BLOCK_COUNT_MAX);
        assertThat(stripes.tryTake(far, BlockStripes.BLOCK_COUNT_MAX)).isTrue();
    }
}
