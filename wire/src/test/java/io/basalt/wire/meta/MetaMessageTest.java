package io.basalt.wire.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.SeededTest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Contents survive the way, have the bytes that they always had, and refuse whatever is not one of them.
class MetaMessageTest {
    private static final Map<String, String> GOLDEN = new LinkedHashMap<>();

    static {
        GOLDEN.put(
                "registration",
                "010807060504030201100f0e0d0c0b0a0907006368756e6b2d31010500302e312e300400726f6f6d"
                        + "04007261636b0400686f7374070064656661756c74010000000807060504030201100f0e0d0c0b0a"
                        + "090000000000010000030073736409003132372e302e302e311e1e");
        GOLDEN.put(
                "registered",
                "010807060504030201100f0e0d0c0b0a090300000000c2eb0b0000000000ca9a3b00000000020000"
                        + "000700000008000000");
        GOLDEN.put(
                "heartbeat",
                "010300000001000000070000000000100000000000000000000001000000fa004523010000000000"
                        + "020000000000000088130000000000000a000000000000000b0000000000000000a000000000000000b0000000000000");
        GOLDEN.put("subscription", "010300000001000000010000002a00000000000000");
        GOLDEN.put("attach", "01050000000000000006000000000000000400000088776655443322110300766d3101");
        GOLDEN.put("detach", "01090000000000000002000000");
        GOLDEN.put("name", "010300766d31");
        GOLDEN.put("served", "010200000014002f72756e2f626173616c742f766d312e736f636b");
        GOLDEN.put(
                "volume",
                "0109000000000000000300766d310000000005000000000010000010000003007373640068e5cf8b"
                        + "01000002000000040000008877665544332211010b00000000000000010000000000000000000000"
                        + "0000000005000000");
        GOLDEN.put("pg", "0105000000020000000201000000010200000000");
        GOLDEN.put("change", "010100000005000000020000000102000000");
        GOLDEN.put("piece", "010100000029000000000000002a00000000000000a086010000800000bebafeca");
        GOLDEN.put("parts", "010200000003000000000000000500000000000000");
        GOLDEN.put("hand-over", "0103000000");
        GOLDEN.put("handed over", "0101000000010000002a00000000000000");
        GOLDEN.put("repairs", "01030000000100000001000000110000000800000028000000640000000010000000000000");
    }

    @Test
    void everyContentIsReadAsItWasWritten() {
        Messages.all()
                .forEach((name, example) -> assertThat(example.reader().apply(new FieldReader(example.content())))
                        .as(name)
                        .isEqualTo(example.value()));
    }

    @Test
    void everyContentHasTheBytesThatItAlwaysHad() {
        final Map<String, String> bytes = new LinkedHashMap<>();
        Messages.all().forEach((name, example) -> bytes.put(name, HexFormat.of().formatHex(example.content())));
        assertThat(bytes).containsExactlyEntriesOf(GOLDEN);
    }

    @Test
    void aContentThatIsCutOrExtendedIsRefused() {
        Messages.all().forEach((name, example) -> {
            for (int length = 0; length < example.content().length; length++) {
                final byte[] cut = Arrays.copyOf(example.content(), length);
                assertThatThrownBy(() -> example.reader().apply(new FieldReader(cut)))
                        .as(name + " cut to " + length)
                        .isInstanceOf(MetaFormatException.class);
            }
            final byte[] extended = Arrays.copyOf(example.content(), example.content().length + 1);
            assertThatThrownBy(() -> example.reader().apply(new FieldReader(extended)))
                    .as(name)
                    .isInstanceOf(MetaFormatException.class);
        });
    }

    @Test
    void aContentOfAnUnknownVersionIsRefusedAsSuch() {
        Messages.all().forEach((name, example) -> {
            final byte[] newer = example.content().clone();
            newer[0] = 2;
            assertThatThrownBy(() -> example.reader().apply(new FieldReader(newer)))
                    .as(name)
                    .isInstanceOf(UnknownVersionException.class)
                    .hasMessageContaining("version 2");
        });
    }

    @Test
    void arbitraryBytesAreReadOrRefusedAndNothingElse() {
        SeededTest.run(
                2000,
                random -> Messages.all().forEach((name, example) -> {
                    final byte[] mutated = example.content().clone();
                    for (int change = 1 + random.nextInt(4); change > 0; change--) {
                        mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
                    }
                    try {
                        assertThat(example.reader().apply(new FieldReader(mutated)))
                                .isNotNull();
                    } catch (MetaFormatException expected) {
                        assertThat(expected.getMessage()).isNotEmpty();
                    }
                }));
    }

    @Test
    void aReportOfUseSurvivesTheWayAndAnUnorderedOneIsRefused() {
        final UsageReport report =
                new UsageReport(3, 7, 1, Long.MAX_VALUE, new long[] {4, 1L << 40}, new long[] {4096, 1L << 50});
        final UsageReport read = UsageReport.of(new FieldReader(report.toContent()));
        assertThat(HexFormat.of().formatHex(report.toContent()))
                .isEqualTo("0103000000070000000100000000000000ffffffffffffff7f020000000400000000000000"
                        + "001000000000000000000000000100000000000000000400");
        assertThat(read.partIds()).containsExactly(4, 1L << 40);
        assertThat(read.contentBytes()).containsExactly(4096, 1L << 50);
        assertThat(List.of(read.nodeId(), read.deviceId())).containsExactly(3, 7);
        for (final long[] wrong : new long[][] {{5, 5}, {5, 4}, {0, 1}, {9, 100}}) {
            final byte[] content = new UsageReport(3, 7, 1, 50, wrong, new long[2]).toContent();
            assertThatThrownBy(() -> UsageReport.of(new FieldReader(content)))
                    .as(Arrays.toString(wrong))
                    .isInstanceOf(MetaFormatException.class)
                    .hasMessageContaining("part id");
        }
    }

    @Test
    void aGenerationBatchSurvivesTheWay() {
        final GenerationBatch batch =
                new GenerationBatch(true, false, new long[] {1, 1L << 40}, new int[] {3, GenerationBatch.DELETED});
        final GenerationBatch read = GenerationBatch.of(new FieldReader(batch.toContent()));
        assertThat(read.first()).isTrue();
        assertThat(read.last()).isFalse();
        assertThat(read.volumeIds()).containsExactly(1, 1L << 40);
        assertThat(read.generations()).containsExactly(3, GenerationBatch.DELETED);
        assertThat(HexFormat.of().formatHex(batch.toContent()))
                .isEqualTo("01" + "01" + "00" + "02000000" + "0100000000000000" + "03000000" + "0000000000010000"
                        + "ffffff7f");
    }

    @Test
    void theLargestBatchFitsOnePayload() {
        final int count = GenerationBatch.COUNT_MAX;
        final byte[] content = new GenerationBatch(true, true, new long[count], new int[count]).toContent();
        assertThat(content.length).isLessThanOrEqualTo(MetaMessage.PAYLOAD_BYTES_MAX);
    }

    @Test
    void aReasonIsCutToWhatABodyHolds() {
        final byte[] content = new Reason("ä".repeat(1000)).toContent();
        assertThat(content.length).isLessThanOrEqualTo(192);
        assertThat(Reason.of(new FieldReader(content)).text()).matches("ä{90}");
    }

    @Test
    void numbersOfCodesAreStable() {
        assertThat(MetaCode.values())
                .extracting(MetaCode::code)
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        assertThat(MetaCode.of(11)).isEqualTo(MetaCode.STALE_EPOCH);
        assertThat(MetaCode.of(0)).isNull();
    }
}
