package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.meta.ClientIo;
import io.basalt.wire.meta.UsageReport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UsageAndRatesTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void sumsWhatAllDevicesHoldOfAPart() {
        final VolumeUsage usage = new VolumeUsage();
        usage.reported(report(1, 1, Long.MAX_VALUE, 7, 4096, 9, 8192));
        usage.reported(report(2, 1, Long.MAX_VALUE, 7, 4096));

        assertThat(usage.contentBytes(7)).isEqualTo(8192);
        assertThat(usage.contentBytes(9)).isEqualTo(8192);
        assertThat(usage.contentBytes(8)).isZero();
    }

    @Test
    void aReportReplacesItsRangeAndNothingElse() {
        final VolumeUsage usage = new VolumeUsage();
        usage.reported(report(1, 1, Long.MAX_VALUE, 3, 1, 5, 10, 7, 100, 9, 1000));

        usage.reported(report(1, 4, 7, 6, 5));

        assertThat(parts(usage)).containsExactlyInAnyOrder(3L, 6L, 9L);
        assertThat(usage.contentBytes(3)).isEqualTo(1);
        assertThat(usage.contentBytes(6)).isEqualTo(5);
        assertThat(usage.contentBytes(9)).isEqualTo(1000);
        usage.reported(report(1, 8, Long.MAX_VALUE));
        usage.reported(report(1, 1, 7));
        assertThat(parts(usage)).isEmpty();
    }

    @Test
    void ratesAreOfTheLastSecondsByTheSendersClock() {
        final IoRates rates = new IoRates();
        for (int second = 0; second <= 10; second++) {
            // The first five seconds nothing; then 100 reads and 10 writes of 4 KiB a second.
            final long busy = Math.max(0, second - 5);
            rates.heard(1, count(second, 100 * busy, 10 * busy), second * SECOND_NS + 123_456);
        }

        final IoRate rate = rates.of(1, 10 * SECOND_NS, SECOND_NS);

        assertThat(rate.reads()).isEqualTo(100);
        assertThat(rate.writes()).isEqualTo(10);
        assertThat(rate.readBytes()).isEqualTo(409_600);
        assertThat(rate.writtenBytes()).isEqualTo(40_960);
        assertThat(rates.of(1, 12 * SECOND_NS, SECOND_NS)).isEqualTo(IoRate.NONE);
        assertThat(rates.of(2, 10 * SECOND_NS, SECOND_NS)).isEqualTo(IoRate.NONE);
    }

    @Test
    void aChunkServerThatBeginsAnewDoesNotMakeRatesNegative() {
        final IoRates rates = new IoRates();
        rates.heard(1, count(100, 1_000_000, 5), 0);
        rates.heard(1, count(104, 2_000_000, 5), SECOND_NS);
        rates.heard(1, count(3, 10, 0), 2 * SECOND_NS);
        assertThat(rates.of(1, 2 * SECOND_NS, SECOND_NS)).isEqualTo(IoRate.NONE);

        rates.heard(1, count(5, 30, 0), 3 * SECOND_NS);

        assertThat(rates.of(1, 3 * SECOND_NS, SECOND_NS).reads()).isEqualTo(10);
    }

    private static ClientIo count(long second, long reads, long writes) {
        return new ClientIo(second * SECOND_NS, reads, writes, reads * 4096, writes * 4096);
    }

    private static List<Long> parts(VolumeUsage usage) {
        final List<Long> parts = new ArrayList<>();
        usage.forEachPart(parts::add);
        return parts;
    }

    /// @param pairs part and bytes, in turn
    private static UsageReport report(int deviceId, long from, long to, long... pairs) {
        final long[] partIds = new long[pairs.length / 2];
        final long[] bytes = new long[partIds.length];
        for (int index = 0; index < partIds.length; index++) {
            partIds[index] = pairs[2 * index];
            bytes[index] = pairs[2 * index + 1];
        }
        return new UsageReport(1, deviceId, from, to, partIds, bytes);
    }
}
