package io.basalt.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    /// The check value of CRC-32C in the usual catalogues.
    @Test
    void isTheCastagnoliChecksum() {
        try (Arena arena = Arena.ofConfined()) {
            final byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
            final MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, digits);
            assertThat(new Checksum().of(memory.asByteBuffer(), 0, 9)).isEqualTo(0xe306_9283);
            assertThat(Checksum.of(memory, 0, 9)).isEqualTo(0xe306_9283);
        }
    }

    @Test
    void piecesGiveTheChecksumOfTheWholeAcrossWindows() {
        SeededTest.run(200, random -> {
            try (Arena arena = Arena.ofConfined()) {
                final int size = 1 + random.nextInt(5000);
                final MemorySegment memory = arena.allocate(size);
                for (int i = 0; i < size; i++) {
                    memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
                }
                final ChecksumView view = new ChecksumView(memory, 4 + random.nextInt(9));
                final int from = random.nextInt(size);
                final int length = random.nextInt(size - from + 1);
                final int cut = length == 0 ? 0 : random.nextInt(length);
                final Checksum checksum = new Checksum();
                checksum.reset();
                view.update(checksum, from, cut);
                view.update(checksum, from + cut, length - cut);
                assertThat(checksum.value()).isEqualTo(Checksum.of(memory, from, length));
            }
        });
    }

    @Test
    void allocatesNothing() {
        try (Arena arena = Arena.ofConfined()) {
            final ChecksumView view = new ChecksumView(arena.allocate(8192));
            final Checksum checksum = new Checksum();
            assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                        checksum.reset();
                        view.update(checksum, 100, 4096);
                    }))
                    .isZero();
        }
    }
}
