package io.basalt.store.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.store.TestBench;
import org.junit.jupiter.api.Test;

class ErrorVolumeTest extends WrapperContract {
    @Override
    Volume wrap(Volume wrapped) {
        return new ErrorVolume("error0", wrapped);
    }

    @Override
    protected int allocationRuns() {
        return 100_000;
    }

    @Test
    void failsOnlyWhatARuleNames() {
        final TestBench b = bench();
        final ErrorVolume volume = (ErrorVolume) b.volume();
        volume.inject(new ErrorRule(BlockOperation.WRITE, 4096, 4096, 1, Long.MAX_VALUE, BlockStatus.NO_SPACE));
        b.write(0, TestBench.filled(16384, 1));
        assertThat(b.read(0, 16384))
                .as("a failed write does not reach the base")
                .isEqualTo(new byte[16384]);
        assertThat(b.write(0, TestBench.filled(4096, 1))).isEqualTo(BlockStatus.OK);
        assertThat(b.write(8192, TestBench.filled(4096, 1))).isEqualTo(BlockStatus.OK);
        assertThat(b.write(7680, TestBench.filled(512, 1))).isEqualTo(BlockStatus.NO_SPACE);
        assertThat(b.run(BlockOperation.READ, 4096, 4096)).isEqualTo(BlockStatus.OK);
        assertThat(volume.failedCount()).isEqualTo(2);
        volume.clear();
        assertThat(b.write(4096, TestBench.filled(4096, 1))).isEqualTo(BlockStatus.OK);
    }

    @Test
    void failsEveryNthUntilTheRuleIsUsedUp() {
        final TestBench b = bench();
        ((ErrorVolume) b.volume()).inject(new ErrorRule(null, 0, Long.MAX_VALUE, 3, 2, BlockStatus.IO_ERROR));
        final StringBuilder answers = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            answers.append(b.run(BlockOperation.READ, 0, 512) == BlockStatus.OK ? '.' : 'x');
        }
        assertThat(answers.toString()).isEqualTo("..x..x......");
    }

    @Test
    void failsFlushesWhateverTheirRange() {
        final TestBench b = bench();
        ((ErrorVolume) b.volume()).inject(ErrorRule.always(BlockOperation.FLUSH, BlockStatus.IO_ERROR));
        assertThat(b.run(BlockOperation.FLUSH, 0, 0)).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(b.run(BlockOperation.READ, 0, 512)).isEqualTo(BlockStatus.OK);
    }

    @Test
    void refusesRulesWithoutMeaning() {
        assertThatThrownBy(() -> new ErrorRule(null, -1, 1, 1, 1, BlockStatus.IO_ERROR))
                .hasMessageStartingWith("offset:");
        assertThatThrownBy(() -> ErrorRule.always(null, BlockStatus.OK)).hasMessageStartingWith("error_type:");
        assertThatThrownBy(() -> ErrorRule.always(null, BlockStatus.PENDING)).hasMessageStartingWith("error_type:");
    }
}
