package io.basalt.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BlockRequestTest {
    private static final class RecordingRequest extends BlockRequest {
        private BlockStatus answer = BlockStatus.PENDING;

        RecordingRequest() {
            super(2);
        }

        @Override
        public void completed(BlockStatus status) {
            answer = status;
        }
    }

    @Test
    void saysWhatItWasPreparedWith() {
        final RecordingRequest request = new RecordingRequest();
        request.prepare(BlockOperation.WRITE_ZEROES, 1L << 40, 1L << 33, true);
        assertThat(request.operation()).isEqualTo(BlockOperation.WRITE_ZEROES);
        assertThat(request.offset()).isEqualTo(1L << 40);
        assertThat(request.length()).isEqualTo(1L << 33);
        assertThat(request.mayUnmap()).isTrue();
    }

    @Test
    void forgetsWhatItWasWhenPreparedAnew() {
        final RecordingRequest request = new RecordingRequest();
        request.prepare(BlockOperation.WRITE_ZEROES, 512, 512, true);
        request.prepare(BlockOperation.FLUSH, 0, 0, false);
        assertThat(request.operation()).isEqualTo(BlockOperation.FLUSH);
        assertThat(request.length()).isZero();
        assertThat(request.mayUnmap()).isFalse();
    }

    @Test
    void hasADataVectorOfTheAskedCapacity() {
        final RecordingRequest request = new RecordingRequest();
        assertThat(request.data().add(0, 0, 1)).isTrue();
        assertThat(request.data().add(0, 1, 1)).isTrue();
        assertThat(request.data().add(0, 2, 1)).isFalse();
    }

    @Test
    void handsTheResultToItsOwner() {
        final RecordingRequest request = new RecordingRequest();
        request.completed(BlockStatus.NO_SPACE);
        assertThat(request.answer).isEqualTo(BlockStatus.NO_SPACE);
    }

    @Test
    void statusCodesStayWhatTheyAre() {
        assertThat(Arrays.stream(BlockStatus.values()).map(BlockStatus::code)).containsExactly(0, 1, 2, 3, 4, 5, 6);
        assertThat(BlockStatus.valueOf("NO_SPACE").code()).isEqualTo(5);
        assertThat(BlockStatus.valueOf("PENDING").code()).isEqualTo(6);
    }
}
