package io.basalt.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class HandshakeMessageTest {
    private static final HexFormat HEX = HexFormat.of();

    /// The bytes of version 1. They never change: a new layout has a new version.
    @Test
    void helloHasTheseBytes() {
        assertThat(HEX.formatHex(hello().toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("42534c48" + "01" + "01" + "02" + "01" + "07000000" + "8000" + "04" + "00"
                        + "00001000" + "00000000"
                        + "a5".repeat(32)
                        + "67617465" + "00".repeat(60)
                        + "00".repeat(32)
                        + "12df4d18" + "00000000");
        assertThat(HandshakeMessage.greetingViolation(hello(), HandshakeMessage.HELLO))
                .isNull();
    }

    @Test
    void proofHasTheseBytes() {
        final MemorySegment proof = MemorySegment.ofArray(new byte[HandshakeMessage.PROOF_BYTES]);
        HandshakeMessage.begin(proof, HandshakeMessage.PROOF);
        HandshakeMessage.mac(proof).fill((byte) 0x5a);
        HandshakeMessage.seal(proof);
        assertThat(HEX.formatHex(proof.toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("42534c48" + "03" + "00" + "0000" + "5a".repeat(32) + "ae6bc6fd" + "00000000");
        assertThat(HandshakeMessage.proofViolation(proof, HandshakeMessage.PROOF))
                .isNull();
        assertThat(HandshakeMessage.proofViolation(proof, HandshakeMessage.VERDICT))
                .isEqualTo("message is not the one expected");
    }

    @Test
    void readsBackWhatWasWritten() {
        final MemorySegment hello = hello();
        assertThat(HandshakeMessage.versionMin(hello)).isEqualTo(1);
        assertThat(HandshakeMessage.versionMax(hello)).isEqualTo(2);
        assertThat(HandshakeMessage.role(hello)).isEqualTo(1);
        assertThat(HandshakeMessage.nodeId(hello)).isEqualTo(7);
        assertThat(HandshakeMessage.name(hello)).isEqualTo("gate");
        assertThat(HandshakeMessage.window(hello)).isEqualTo(128);
        assertThat(HandshakeMessage.payloadMax(hello)).isEqualTo(1 << 20);
    }

    @Test
    void everyChangedByteOfAMessageIsAViolation() {
        for (int at = 0; at < HandshakeMessage.GREETING_BYTES; at++) {
            final MemorySegment hello = hello();
            hello.set(ValueLayout.JAVA_BYTE, at, (byte) (hello.get(ValueLayout.JAVA_BYTE, at) ^ 0x10));
            assertThat(HandshakeMessage.greetingViolation(hello, HandshakeMessage.HELLO))
                    .as("byte %d", at)
                    .isNotNull();
        }
    }

    @Test
    void rulesHoldWithARightChecksumToo() {
        assertThat(violationOf(5, 3)).isEqualTo("versions are out of order");
        assertThat(violationOf(5, 0)).isEqualTo("versions are out of order");
        assertThat(violationOf(11, 0x80)).isEqualTo("node id is negative");
        assertThat(violationOf(14, 65)).isEqualTo("name is too long");
        assertThat(violationOf(14, 3)).isEqualTo("name is not padded with zeroes");
        assertThat(violationOf(15, 1)).isEqualTo("reserved bytes are not zero");
        assertThat(violationOf(20, 1)).isEqualTo("reserved bytes are not zero");
    }

    private static String violationOf(int at, int value) {
        final MemorySegment hello = hello();
        hello.set(ValueLayout.JAVA_BYTE, at, (byte) value);
        HandshakeMessage.seal(hello);
        return String.valueOf(HandshakeMessage.greetingViolation(hello, HandshakeMessage.HELLO));
    }

    private static MemorySegment hello() {
        final MemorySegment hello = MemorySegment.ofArray(new byte[HandshakeMessage.GREETING_BYTES]);
        HandshakeMessage.begin(hello, HandshakeMessage.HELLO);
        HandshakeMessage.versions(hello, 1, 2);
        HandshakeMessage.role(hello, 1);
        HandshakeMessage.nodeId(hello, 7);
        HandshakeMessage.window(hello, 128);
        HandshakeMessage.payloadMax(hello, 1 << 20);
        HandshakeMessage.name(hello, "gate");
        HandshakeMessage.nonce(hello).fill((byte) 0xa5);
        HandshakeMessage.seal(hello);
        return hello;
    }
}
