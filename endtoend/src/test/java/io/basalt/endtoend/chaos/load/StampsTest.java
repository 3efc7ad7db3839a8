package io.basalt.endtoend.chaos.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class StampsTest {
    private final MemorySegment sector = MemorySegment.ofArray(new long[Stamps.SECTOR_BYTES / Long.BYTES]);

    @Test
    void zerosAreStampZero() {
        assertThat(Stamps.read(sector, 0, 7)).isZero();
    }

    @Test
    void aStampIsReadBackWhereItWasWritten() {
        Stamps.fill(sector, 0, 42, 7);
        assertThat(Stamps.read(sector, 0, 7)).isEqualTo(42);
        assertThat(Stamps.read(sector, 0, 8)).isEqualTo(Stamps.GARBAGE);
    }

    @Test
    void anyChangedBitIsGarbage() {
        Stamps.fill(sector, 0, 42, 7);
        for (int bit = 0; bit < Stamps.SECTOR_BYTES * Byte.SIZE; bit++) {
            flip(bit);
            assertThat(Stamps.read(sector, 0, 7)).as("bit %d", bit).isEqualTo(Stamps.GARBAGE);
            flip(bit);
        }
    }

    private void flip(int bit) {
        final long at = bit / Byte.SIZE;
        final int changed = sector.get(ValueLayout.JAVA_BYTE, at) ^ 1 << bit % Byte.SIZE;
        sector.set(ValueLayout.JAVA_BYTE, at, (byte) changed);
    }
}
