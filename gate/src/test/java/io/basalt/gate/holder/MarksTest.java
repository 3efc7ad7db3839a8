package io.basalt.gate.holder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class MarksTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(Marks.BYTES, 8);
    private final Marks marks = Marks.create(memory);

    /// Format 1, for ever.
    @Test
    void writesTheBytesOfFormatOne() {
        marks.kept(true);
        marks.mark(0, 5, false);
        marks.mark(1, 0x1_0000_0000L, true);

        assertThat(HexFormat.of().formatHex(memory.asSlice(0, 80).toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo(
                        "424d524b010000000010000001000000" + "0".repeat(96) + "0a00000000000000" + "0100000002000000");
    }

    @Test
    void tellsASessionAsItWasToldFromOneThatIsNot() {
        marks.mark(7, 3, false);
        assertThat(marks.is(7, 3)).isTrue();
        assertThat(marks.is(7, 2)).isFalse();
        assertThat(marks.is(8, 3)).isFalse();
        marks.mark(7, 3, true);
        assertThat(marks.is(7, 3)).isFalse();
        assertThat(marks.version(7)).isEqualTo(3);
    }

    @Test
    void knowsNoSlotOutsideItsMemory() {
        assertThat(marks.is(-1, 0)).isFalse();
        assertThat(marks.is(Marks.SLOTS, 0)).isFalse();
    }

    @Test
    void opensWhatAnotherHasMade() {
        marks.kept(true);
        marks.mark(9, 4, false);

        final Marks other = Marks.open(memory);
        assertThat(other.kept()).isTrue();
        assertThat(other.is(9, 4)).isTrue();
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        memory.set(ValueLayout.JAVA_BYTE, 4, (byte) 2);
        assertThatThrownBy(() -> Marks.open(memory))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("format 2");
        memory.fill((byte) 0);
        assertThatThrownBy(() -> Marks.open(memory)).hasMessageContaining("these are none");
        assertThatThrownBy(() -> Marks.open(memory.asSlice(0, 8))).hasMessageContaining("these are none");
    }
}
