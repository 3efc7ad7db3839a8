package io.basalt.gate.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Commit;
import io.basalt.gate.handover.HandoverMessage.Committed;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Hello;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverMessage.RingBase;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.gate.handover.HandoverMessage.Switch;
import io.basalt.gate.handover.HandoverMessage.Taken;
import io.basalt.gate.handover.HandoverMessage.VolumeFile;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HandoverFormatTest {
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
            new SessionImage.Log(1 << 16, 8192, 33),
            List.of(
                    new SessionImage.RingImage(0, 256, true, 0x10, 0x20, 0x30, -1, 77, true, true, 34, 35, 36),
                    new SessionImage.RingImage(1, 0, false, 0, 0, 0, -1, 0, false, false, -1, 37, -1)));

    private static final VolumeRecord ATTACHMENT = new VolumeRecord(
            7,
            "vm1",
            1 << 30,
            1 << 20,
            4096,
            "ssd",
            1_700_000_000_000L,
            5,
            3,
            0x1234_5678L,
            List.of(new PartRecord(9, 1, 0, 1 << 30)));

    static Stream<HandoverMessage> messages() {
        return Stream.of(
                new Hello(1, 3, "1.2.3", 4711),
                new Ready(),
                new Switch(
                        List.of(
                                new DiskState("a", true, new NoFront()),
                                new DiskState("b", false, new SameFront(List.of(new RingBase(3, 0x8001)))),
                                new DiskState("c", true, new OtherFront(40, SESSION))),
                        null),
                new Switch(List.of(new DiskState("a", true, new NoFront())), ATTACHMENT),
                new Taken(),
                new Commit(),
                new Committed(),
                new Abort("no"));
    }

    static HandoverMessage decoded(byte[] frame, List<Integer> fds) {
        final HandoverFormat.Header header = HandoverFormat.header(Arrays.copyOf(frame, HandoverFormat.HEADER_BYTES));
        final byte[] body = Arrays.copyOfRange(frame, HandoverFormat.HEADER_BYTES, frame.length);
        if (body.length != header.length() || fds.size() != header.fdCount()) {
            throw new MetaFormatException("cut off");
        }
        HandoverFormat.check(header, body);
        return HandoverCodec.decode(header.type(), body, fds);
    }

    @ParameterizedTest
    @MethodSource("messages")
    void saysEverythingOfAMessage(HandoverMessage message) {
        final HandoverCodec.Frame frame = HandoverCodec.encode(message);

        assertThat(decoded(frame.bytes(), frame.fds())).isEqualTo(message);
    }

    @Test
    void saysEverythingOfAPreparation() {
        final Prepare prepare = new Prepare(
                "{}",
                5,
                6,
                List.of(new VolumeFile("a", 7)),
                List.of(new DiskImage("a", 8, 9, SESSION), new DiskImage("b", -1, -1, null)));
        final HandoverCodec.Frame frame = HandoverCodec.encode(prepare);

        assertThat(frame.fds()).containsExactly(5, 6, 7, 8, 9, 30, 31, 32, 33, 34, 35, 36, 37);
        assertThat(decoded(frame.bytes(), frame.fds()))
                .usingRecursiveComparison()
                .isEqualTo(prepare);
    }

    /// Format 1, for ever.
    @Test
    void writesTheBytesOfFormatOne() {
        assertThat(HexFormat.of()
                        .formatHex(HandoverCodec.encode(new Hello(1, 1, "0.1.0", 4711))
                                .bytes()))
                .isEqualTo(GOLDEN_HELLO);
        assertThat(HexFormat.of()
                        .formatHex(HandoverCodec.encode(new Switch(
                                        List.of(new DiskState(
                                                "vm1", true, new SameFront(List.of(new RingBase(2, 0xabcd))))),
                                        null))
                                .bytes()))
                .isEqualTo(GOLDEN_SWITCH);
        assertThat(HexFormat.of()
                        .formatHex(HandoverCodec.encode(new Switch(
                                        List.of(new DiskState("c", true, new OtherFront(40, SESSION))), null))
                                .bytes()))
                .isEqualTo(GOLDEN_OTHER);
    }

    /// Format 2, for ever.
    @Test
    void writesTheBytesOfFormatTwoForAnAttachment() {
        assertThat(HexFormat.of()
                        .formatHex(HandoverCodec.encode(
                                        new Switch(List.of(new DiskState("vm1", true, new NoFront())), ATTACHMENT))
                                .bytes()))
                .isEqualTo(GOLDEN_ATTACHMENT);
    }

    private static final String GOLDEN_ATTACHMENT =
            "42484f56020004006200000000000000dddc6b21c2bb2491010000000300766d3101000700000000"
                    + "0000000300766d310000004000000000000010000010000003007373640068e5cf8b010000050000"
                    + "000300000078563412000000000109000000000000000100000000000000000000000000004000000000";
    private static final String GOLDEN_HELLO =
            "42484f56010001000f0000000000000002bd322d95986bd0010001000500302e312e3067120000";
    private static final String GOLDEN_SWITCH =
            "42484f56010004001700000000000000ad57b7634f26c7bd010000000300766d3101010100000002" + "000000cdab0000";
    private static final String GOLDEN_OTHER =
            "42484f5601000400f100000009000000e182dd3e3646217b01000000010063010200000000467e00"
                    + "3001000000abb20100000000000f0100010100000001000000000000000000000000000040000000"
                    + "0000000000007f000000100000000000000200000001000000000000000004000000000100000300"
                    + "00000100000100000000000020000000000000040000000200000000000000000100000110000000"
                    + "0000000020000000000000003000000000000000ffffffffffffffff4d0000000101050000000600"
                    + "000007000000010000000000000000000000000000000000000000000000000000000000000000ff"
                    + "ffffffffffffff000000000000ffffffff08000000ffffffff";

    @Test
    void refusesAFormatThatItDoesNotKnow() {
        final byte[] frame = HandoverCodec.encode(new Ready()).bytes();
        frame[4] = 3;
        final CRC32C checksum = new CRC32C();
        checksum.update(frame, 0, 20);
        ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(20, (int) checksum.getValue());

        assertThatThrownBy(() -> decoded(frame, List.of()))
                .isInstanceOf(MetaFormatException.class)
                .hasMessageContaining("format 3 is not known here");
    }

    @Test
    void neverTakesChangedBytesForAMessage() {
        final HandoverCodec.Frame frame =
                HandoverCodec.encode(new Switch(List.of(new DiskState("c", true, new OtherFront(40, SESSION))), null));
        SeededTest.run(2000, random -> {
            final byte[] changed = frame.bytes().clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> decoded(changed, frame.fds())).isInstanceOf(MetaFormatException.class);
        });
    }

    @Test
    void refusesBodiesThatAreNoMessages() {
        SeededTest.run(3000, HandoverFormatTest::refuseOrRead);
    }

    private static void refuseOrRead(RandomGenerator random) {
        final HandoverCodec.Frame frame =
                HandoverCodec.encode(new Switch(List.of(new DiskState("c", true, new OtherFront(40, SESSION))), null));
        final byte[] body = Arrays.copyOfRange(
                frame.bytes(), HandoverFormat.HEADER_BYTES, frame.bytes().length - random.nextInt(3));
        final int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            body[random.nextInt(body.length)] = (byte) random.nextInt();
        }
        try {
            assertThat(HandoverCodec.decode(1 + random.nextInt(9), body, frame.fds()))
                    .isNotNull();
        } catch (MetaFormatException expected) {
            assertThat(expected.getMessage()).isNotBlank();
        }
    }
}
