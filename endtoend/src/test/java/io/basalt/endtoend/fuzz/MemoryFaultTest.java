package io.basalt.endtoend.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.MemoryFault;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// A fault on memory that was truncated away must show where it is expected, also from compiled code, which
/// reports it late if left alone.
class MemoryFaultTest {
    private static final int PAGE_BYTES = 4096;
    private static final int READS = 2_000_000;
    private static final int FAULT_EVERY = 1000;

    private long caught;

    @Test
    void everyFaultSurfacesWhereItIsCaught() {
        try (MemFd file = MemFd.create("fault", 2 * PAGE_BYTES);
                Mapping mapping = Mapping.ofFile(file.fd(), 0, 2 * PAGE_BYTES, true)) {
            assertThat(file.truncate(PAGE_BYTES)).isZero();
            long sum = 0;
            for (int read = 1; read <= READS; read++) {
                final long before = caught;
                final boolean gone = read % FAULT_EVERY == 0;
                sum += look(mapping.segment(), gone ? PAGE_BYTES : 0);
                if (caught - before != (gone ? 1 : 0)) {
                    throw new AssertionError("read " + read + ": " + (caught - before) + " faults");
                }
            }
            assertThat(sum).isZero();
        }
        assertThat(caught).isEqualTo(READS / FAULT_EVERY);
    }

    private long look(MemorySegment memory, long offset) {
        try {
            final long value = memory.get(ValueLayout.JAVA_LONG, offset);
            MemoryFault.surface();
            return value;
        } catch (InternalError gone) {
            caught++;
            return 0;
        }
    }
}
