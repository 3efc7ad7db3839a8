package io.basalt.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FrameHeaderTest {
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    /// The bytes of version 1. They never change: a new layout has a new version.
    @Test
    void requestHasTheseBytes() {
        final MemorySegment frame = request();
        FrameHeader.headerCrc(frame, 0, Checksum.of(frame, FrameHeader.CHECKED_FROM, frame.byteSize() - 8));
        assertThat(HEX.formatHex(frame.toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("42 53 4c 54 c1 a9 ca e7 01 01 07 01 04 00 80 00"
                        + " 08 07 06 05 04 03 02 01 00 10 00 00 ef be ad de"
                        + " 40 42 0f 00 44 33 22 11 00 00 00 00 00 00 00 00"
                        + " aa bb cc dd");
        assertThat(FrameHeader.violation(frame, 0)).isNull();
    }

    @Test
    void answerHasTheseBytes() {
        final MemorySegment frame = MemorySegment.ofArray(new byte[FrameHeader.BYTES]);
        FrameHeader.begin(frame, 0, FrameHeader.KIND_ANSWER);
        FrameHeader.type(frame, 0, 7);
        FrameHeader.requestId(frame, 0, 0x0102_0304_0506_0708L);
        FrameHeader.code(frame, 0, 0xabcd);
        FrameHeader.window(frame, 0, 1);
        FrameHeader.sent(frame, 0, -1);
        FrameHeader.headerCrc(frame, 0, Checksum.of(frame, FrameHeader.CHECKED_FROM, FrameHeader.BYTES - 8));
        assertThat(HEX.formatHex(frame.toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("42 53 4c 54 d2 3e b1 53 01 02 07 00 00 00 01 00"
                        + " 08 07 06 05 04 03 02 01 00 00 00 00 00 00 00 00"
                        + " 00 00 00 00 ff ff ff ff cd ab 00 00 00 00 00 00");
        assertThat(FrameHeader.violation(frame, 0)).isNull();
    }

    @Test
    void everyFieldReadsBackWhatWasWritten() {
        final MemorySegment frame = request();
        assertThat(FrameHeader.kind(frame, 0)).isEqualTo(FrameHeader.KIND_REQUEST);
        assertThat(FrameHeader.type(frame, 0)).isEqualTo(7);
        assertThat(FrameHeader.flags(frame, 0)).isEqualTo(FrameHeader.FLAG_PAYLOAD_STABLE);
        assertThat(FrameHeader.bodyLength(frame, 0)).isEqualTo(4);
        assertThat(FrameHeader.window(frame, 0)).isEqualTo(128);
        assertThat(FrameHeader.requestId(frame, 0)).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(FrameHeader.payloadLength(frame, 0)).isEqualTo(4096);
        assertThat(FrameHeader.payloadCrc(frame, 0)).isEqualTo(0xdead_beef);
        assertThat(FrameHeader.timeToLive(frame, 0)).isEqualTo(1_000_000);
        assertThat(FrameHeader.sent(frame, 0)).isEqualTo(0x1122_3344);
    }

    @Test
    void statusOfAnAnswerComesWithoutAnythingElse() {
        final MemorySegment frame = MemorySegment.ofArray(new byte[FrameHeader.BYTES]);
        FrameHeader.begin(frame, 0, FrameHeader.KIND_ANSWER);
        for (int status = FrameHeader.STATUS_ANSWERED; status <= FrameHeader.STATUS_EXPIRED; status++) {
            FrameHeader.status(frame, 0, status);
            assertThat(FrameHeader.violation(frame, 0)).isNull();
        }
        FrameHeader.code(frame, 0, 1);
        assertThat(FrameHeader.violation(frame, 0)).isEqualTo("body, payload or code of an answer that is none");
        FrameHeader.status(frame, 0, 4);
        assertThat(FrameHeader.violation(frame, 0)).isEqualTo("status is unknown");
    }

    @Test
    void checksumOfNoPayloadIsZero() {
        final MemorySegment frame = request();
        FrameHeader.payloadLength(frame, 0, 0);
        assertThat(FrameHeader.violation(frame, 0)).isEqualTo("checksum of no payload");
    }

    private static MemorySegment request() {
        final MemorySegment frame = MemorySegment.ofArray(new byte[FrameHeader.BYTES + 4]);
        FrameHeader.begin(frame, 0, FrameHeader.KIND_REQUEST);
        FrameHeader.type(frame, 0, 7);
        FrameHeader.flags(frame, 0, FrameHeader.FLAG_PAYLOAD_STABLE);
        FrameHeader.bodyLength(frame, 0, 4);
        FrameHeader.window(frame, 0, 128);
        FrameHeader.requestId(frame, 0, 0x0102_0304_0506_0708L);
        FrameHeader.payloadLength(frame, 0, 4096);
        FrameHeader.payloadCrc(frame, 0, 0xdead_beef);
        FrameHeader.timeToLive(frame, 0, 1_000_000);
        FrameHeader.sent(frame, 0, 0x1122_3344);
        final byte[] body = {(byte) 0xaa, (byte) 0xbb, (byte) 0xcc, (byte) 0xdd};
        MemorySegment.copy(body, 0, frame, ValueLayout.JAVA_BYTE, FrameHeader.BYTES, body.length);
        return frame;
    }
}
