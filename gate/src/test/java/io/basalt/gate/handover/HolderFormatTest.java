package io.basalt.gate.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.gate.handover.HolderMessage.Enlist;
import io.basalt.gate.handover.HolderMessage.Enlisted;
import io.basalt.gate.handover.HolderMessage.Leave;
import io.basalt.gate.handover.HolderMessage.TakeOver;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.wire.meta.MetaFormatException;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HolderFormatTest {
    private static final SessionImage SESSION = new SessionImage(
            0x1_3000_7e46L,
            0x1_b2abL,
            0xf,
            true,
            false,
            true,
            30,
            List.of(new SessionImage.Region(new RegionDescription(0, 1 << 30, 0x7f00_0000_0000L, 4096), 31)),
            new SessionImage.Inflight(0, 4, 256, 32),
            null,
            List.of(new SessionImage.RingImage(0, 256, true, 0x10, 0x20, 0x30, -1, 77, true, true, 34, 35, 36)));

    static Stream<HolderMessage> messages() {
        return Stream.of(
                new Enlist(1, 3, "1.2.3", 4711, true, 7),
                new Enlisted(false, 8),
                new Enlisted(true, 9),
                new Disk(3, 0x1_0000_0002L, true, new DiskImage("vm1", -1, 29, SESSION)),
                new Disk(4095, 1, false, new DiskImage("vm2", -1, -1, null)),
                new TakeOver(List.of("vm1", "vm2")),
                new TakeOver(List.of()),
                new Leave());
    }

    @ParameterizedTest
    @MethodSource("messages")
    void saysEverythingOfAMessage(HolderMessage message) {
        final HandoverCodec.Frame frame = HandoverCodec.encode(message);

        assertThat(HandoverFormatTest.decoded(frame.bytes(), frame.fds())).isEqualTo(message);
    }

    static Stream<Arguments> goldenBytes() {
        return Stream.of(
                Arguments.of(
                        new Enlist(1, 2, "0.1.0", 0x1234, false, 7),
                        "42484f56010020001400000001000000cd9071c466926209010002000500302e312e30341200000000000000"),
                Arguments.of(new Enlisted(true, 5), "42484f560100210005000000010000009919637db8a7cd880100000000"),
                Arguments.of(
                        new Disk(3, 6, true, new DiskImage("a", -1, 4, null)),
                        "42484f56010022001900000001000000be80b6ec20460288"
                                + "03000000060000000000000001010061ffffffff0000000000"),
                Arguments.of(
                        new TakeOver(List.of("a")), "42484f56010023000700000000000000bac4d1e53cbb8c0501000000010061"),
                Arguments.of(new Leave(), "42484f5601002400000000000000000000000000ecdd0d33"));
    }

    @ParameterizedTest
    @MethodSource("goldenBytes")
    void keepsItsBytesForEver(HolderMessage message, String bytes) {
        assertThat(HexFormat.of().formatHex(HandoverCodec.encode(message).bytes()))
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @MethodSource("messages")
    void refusesEveryFrameWithAFlippedBit(HolderMessage message) {
        final HandoverCodec.Frame frame = HandoverCodec.encode(message);
        SeededTest.run(100, random -> {
            final byte[] broken = flipped(frame.bytes(), random);
            assertThatThrownBy(() -> HandoverFormatTest.decoded(broken, frame.fds()))
                    .isInstanceOf(MetaFormatException.class);
        });
    }

    private static byte[] flipped(byte[] bytes, RandomGenerator random) {
        final byte[] broken = bytes.clone();
        broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
        return broken;
    }
}
