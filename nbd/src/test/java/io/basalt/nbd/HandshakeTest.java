package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The handshake, option by option.
class HandshakeTest {
    private final HandVolume volume = new HandVolume(1 << 20, 4096);
    private final Export disk = new Export("disk", "a disk", volume, false);
    private final Export other = new Export("other", "", new HandVolume(8192, 512), true);
    private final Handshake handshake = new Handshake(new Directory());

    private final class Directory implements Handshake.Directory {
        @Override
        public List<Export> exports() {
            return List.of(disk, other);
        }

        @Override
        public @Nullable Export find(String name) {
            return exports().stream()
                    .filter(export -> export.name().equals(name))
                    .findFirst()
                    .orElse(null);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // a carrier of test data, never compared
    private record Reply(int option, int type, byte[] data) {
        ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    private byte[] say(byte... bytes) {
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        handshake.accept(buffer);
        assertThat(buffer.hasRemaining()).isFalse();
        return handshake.output();
    }

    private void greet(int flags) {
        assertThat(handshake.output()).isEqualTo(HexFormat.of().parseHex("4e42444d4147494349484156454f50540003"));
        assertThat(say(new Wire().u32(flags).toBytes())).isEmpty();
    }

    private List<Reply> ask(int option, byte... data) {
        return replies(say(new Wire().option(option, data).toBytes()));
    }

    private static List<Reply> replies(byte... bytes) {
        final List<Reply> replies = new ArrayList<>();
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            assertThat(buffer.getLong()).isEqualTo(0x3e889045565a9L);
            final int option = buffer.getInt();
            final int type = buffer.getInt();
            final byte[] data = new byte[buffer.getInt()];
            buffer.get(data);
            replies.add(new Reply(option, type, data));
        }
        return replies;
    }

    private static List<Integer> types(List<Reply> replies) {
        return replies.stream().map(Reply::type).toList();
    }

    private static byte[] wish(String name, int... infos) {
        final Wire wire = new Wire().string(name).u16(infos.length);
        for (final int info : infos) {
            wire.u16(info);
        }
        return wire.toBytes();
    }

    private static byte[] contexts(String name, String... queries) {
        final Wire wire = new Wire().string(name).u32(queries.length);
        for (final String query : queries) {
            wire.string(query);
        }
        return wire.toBytes();
    }

    @Test
    void entersTransmissionByGoWithWhatWasAgreedOn() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_STRUCTURED_REPLY))).containsExactly(NbdSpec.REP_ACK);
        final List<Reply> context = ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation"));
        assertThat(types(context)).containsExactly(NbdSpec.REP_META_CONTEXT, NbdSpec.REP_ACK);
        assertThat(context.getFirst().data())
                .isEqualTo(new Wire().u32(1).text("base:allocation").toBytes());
        final List<Reply> go = ask(NbdSpec.OPT_GO, wish("disk", 1, 2, 3));
        assertThat(types(go)).containsExactly(3, 3, 3, 3, NbdSpec.REP_ACK);
        final ByteBuffer export = go.get(0).buffer();
        assertThat(export.getShort()).isZero();
        assertThat(export.getLong()).isEqualTo(1 << 20);
        assertThat(export.getShort()).isEqualTo((short) 0b1101_1110_1101);
        assertThat(go.get(1).data()).isEqualTo(new Wire().u16(1).text("disk").toBytes());
        assertThat(go.get(2).data()).isEqualTo(new Wire().u16(2).text("a disk").toBytes());
        assertThat(go.get(3).data())
                .isEqualTo(new Wire().u16(3).u32(4096).u32(4096).u32(1 << 25).toBytes());
        assertThat(handshake.state()).isEqualTo(HandshakeState.AGREED);
        final Agreement agreement = handshake.agreement();
        assertThat(agreement.export()).isSameAs(disk);
        assertThat(agreement.sizeBytes()).isEqualTo(1 << 20);
        assertThat(agreement.style()).isEqualTo(ReplyStyle.STRUCTURED);
        assertThat(agreement.allocation()).isTrue();
    }

    @Test
    void leavesWhatFollowsGoToTheTransmission() {
        greet(1);
        final ByteBuffer bytes = ByteBuffer.wrap(
                new Wire().option(NbdSpec.OPT_GO, wish("disk")).u32(7).toBytes());
        handshake.accept(bytes);
        assertThat(handshake.state()).isEqualTo(HandshakeState.AGREED);
        assertThat(bytes.getInt()).isEqualTo(7);
    }

    @Test
    void entersTransmissionByExportNameWithAndWithoutZeroes() {
        greet(3);
        final byte[] bare = say(new Wire()
                .option(NbdSpec.OPT_EXPORT_NAME, (byte) 'd', (byte) 'i', (byte) 's', (byte) 'k')
                .toBytes());
        assertThat(bare).hasSize(10);
        final Handshake old = new Handshake(new Directory());
        old.output();
        old.accept(ByteBuffer.wrap(new Wire()
                .u32(0)
                .option(1, "disk".getBytes(StandardCharsets.UTF_8))
                .toBytes()));
        assertThat(old.output()).hasSize(134);
        assertThat(old.state()).isEqualTo(HandshakeState.AGREED);
        assertThat(old.agreement().style()).isEqualTo(ReplyStyle.SIMPLE);
        assertThat(old.agreement().offers(NbdSpec.FLAG_SEND_DF)).isFalse();
    }

    @Test
    void hangsUpOnAnExportNameThatIsNotThere() {
        greet(3);
        assertThat(say(new Wire().option(NbdSpec.OPT_EXPORT_NAME, (byte) 'x').toBytes()))
                .isEmpty();
        assertThat(handshake.state()).isEqualTo(HandshakeState.ENDED);
    }

    @Test
    void listsEveryExport() {
        greet(3);
        final List<Reply> list = ask(NbdSpec.OPT_LIST);
        assertThat(types(list)).containsExactly(2, 2, 1);
        assertThat(list.get(0).data())
                .isEqualTo(new Wire().string("disk").text("a disk").toBytes());
        assertThat(list.get(1).data()).isEqualTo(new Wire().string("other").toBytes());
        assertThat(types(ask(NbdSpec.OPT_LIST, (byte) 0))).containsExactly(NbdSpec.REP_ERR_INVALID);
    }

    @Test
    void informsTwiceAndThenGoes() {
        greet(3);
        final List<Reply> once = ask(NbdSpec.OPT_INFO, wish("other"));
        final List<Reply> twice = ask(NbdSpec.OPT_INFO, wish("other"));
        assertThat(types(once)).isEqualTo(types(twice)).containsExactly(3, 3, 1);
        assertThat(types(ask(NbdSpec.OPT_INFO, wish("nothing")))).containsExactly(NbdSpec.REP_ERR_UNKNOWN);
        assertThat(types(ask(NbdSpec.OPT_GO, wish("nothing")))).containsExactly(NbdSpec.REP_ERR_UNKNOWN);
        ask(NbdSpec.OPT_GO, wish("other"));
        assertThat(handshake.agreement().readOnly()).isTrue();
        assertThat(handshake.agreement().offers(NbdSpec.FLAG_SEND_WRITE_ZEROES)).isFalse();
    }

    @Test
    void refusesTlsAndGoesOn() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_STARTTLS))).containsExactly(NbdSpec.REP_ERR_POLICY);
        assertThat(types(ask(NbdSpec.OPT_LIST))).contains(NbdSpec.REP_ACK);
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        greet(3);
        assertThat(types(ask(4))).containsExactly(NbdSpec.REP_ERR_UNSUP);
        assertThat(types(ask(0x7fffffff, (byte) 1))).containsExactly(NbdSpec.REP_ERR_UNSUP);
        assertThat(types(ask(-1))).containsExactly(NbdSpec.REP_ERR_UNSUP);
    }

    @Test
    void acknowledgesAnAbortAndEnds() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_ABORT, (byte) 1))).containsExactly(NbdSpec.REP_ACK);
        assertThat(handshake.state()).isEqualTo(HandshakeState.ENDED);
    }

    @Test
    void contextsNeedStructuredRepliesAndTheNameOfTheExportThatIsChosen() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation"))))
                .containsExactly(NbdSpec.REP_ERR_INVALID);
        ask(NbdSpec.OPT_STRUCTURED_REPLY);
        assertThat(types(ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("nothing", "base:allocation"))))
                .containsExactly(NbdSpec.REP_ERR_UNKNOWN);
        ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation"));
        ask(NbdSpec.OPT_GO, wish("other"));
        assertThat(handshake.agreement().allocation()).isFalse();
    }

    @Test
    void aFailedSelectionForgetsTheOneBefore() {
        greet(3);
        ask(NbdSpec.OPT_STRUCTURED_REPLY);
        ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation"));
        ask(NbdSpec.OPT_SET_META_CONTEXT, new Wire().u32(99).toBytes());
        ask(NbdSpec.OPT_GO, wish("disk"));
        assertThat(handshake.agreement().allocation()).isFalse();
    }

    @Test
    void selectsContextsByNameAndListsThemByNamespace() {
        greet(3);
        ask(NbdSpec.OPT_STRUCTURED_REPLY);
        assertThat(types(ask(NbdSpec.OPT_LIST_META_CONTEXT, contexts("disk")))).containsExactly(4, 1);
        assertThat(types(ask(NbdSpec.OPT_LIST_META_CONTEXT, contexts("disk", "base:"))))
                .containsExactly(4, 1);
        assertThat(types(ask(NbdSpec.OPT_LIST_META_CONTEXT, contexts("disk", "qemu:x"))))
                .containsExactly(1);
        assertThat(types(ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "base:"))))
                .containsExactly(1);
        assertThat(types(ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk")))).containsExactly(1);
        assertThat(types(ask(NbdSpec.OPT_SET_META_CONTEXT, contexts("disk", "qemu:x", "base:allocation"))))
                .containsExactly(4, 1);
    }

    @Test
    void extendedHeadersTakePrecedence() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_EXTENDED_HEADERS, (byte) 1))).containsExactly(NbdSpec.REP_ERR_INVALID);
        assertThat(types(ask(NbdSpec.OPT_EXTENDED_HEADERS))).containsExactly(NbdSpec.REP_ACK);
        assertThat(types(ask(NbdSpec.OPT_STRUCTURED_REPLY))).containsExactly(NbdSpec.REP_ERR_EXT_HEADER_REQD);
        ask(NbdSpec.OPT_GO, wish("disk"));
        assertThat(handshake.agreement().style()).isEqualTo(ReplyStyle.EXTENDED);
    }

    @Test
    void hangsUpOnUnknownFlagsAndWrongMagic() {
        greet(3);
        say(new Wire().u64(1).u32(3).u32(0).toBytes());
        assertThat(handshake.state()).isEqualTo(HandshakeState.ENDED);
        final Handshake flags = new Handshake(new Directory());
        flags.output();
        flags.accept(ByteBuffer.wrap(new Wire().u32(4).toBytes()));
        assertThat(flags.state()).isEqualTo(HandshakeState.ENDED);
    }

    @Test
    void aClientOfTheOldKindHasOneOption() {
        greet(0);
        say(new Wire().option(NbdSpec.OPT_LIST).toBytes());
        assertThat(handshake.state()).isEqualTo(HandshakeState.ENDED);
    }

    /// CVE-2017-15118 and 15119, CVE-2022-26495 and 26496: lengths that a server believed.
    @Test
    void noLengthIsBelieved() {
        greet(3);
        for (final int length : new int[] {5, 4097, 0x7fffffff, 0x80000000, -1}) {
            assertThat(types(ask(
                            NbdSpec.OPT_GO, new Wire().u32(length).text("disk").toBytes())))
                    .containsExactly(NbdSpec.REP_ERR_INVALID);
            ask(NbdSpec.OPT_STRUCTURED_REPLY);
            assertThat(types(ask(
                            NbdSpec.OPT_SET_META_CONTEXT,
                            new Wire()
                                    .string("disk")
                                    .u32(length)
                                    .string("base:allocation")
                                    .toBytes())))
                    .containsExactly(NbdSpec.REP_ERR_INVALID);
            assertThat(types(ask(
                            NbdSpec.OPT_LIST_META_CONTEXT,
                            new Wire()
                                    .string("disk")
                                    .u32(1)
                                    .u32(length)
                                    .text("base")
                                    .toBytes())))
                    .containsExactly(NbdSpec.REP_ERR_INVALID);
        }
    }

    @Test
    void passesOverTooMuchDataAndHangsUpOnFarTooMuch() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_GO, new byte[Handshake.DATA_BYTES_MAX + 1])))
                .containsExactly(NbdSpec.REP_ERR_TOO_BIG);
        assertThat(types(ask(NbdSpec.OPT_LIST))).contains(NbdSpec.REP_ACK);
        say(new Wire().u64(NbdSpec.IHAVEOPT).u32(NbdSpec.OPT_GO).u32(-1).toBytes());
        assertThat(handshake.state()).isEqualTo(HandshakeState.ENDED);
        assertThat(handshake.reason()).contains("4294967295");
    }

    @Test
    void takesTheLongestNameThereIs() {
        greet(3);
        assertThat(types(ask(NbdSpec.OPT_INFO, wish("x".repeat(4096))))).containsExactly(NbdSpec.REP_ERR_UNKNOWN);
        assertThat(types(ask(NbdSpec.OPT_INFO, wish("x".repeat(4097))))).containsExactly(NbdSpec.REP_ERR_INVALID);
    }

    @Test
    void answersOneOptionAtATime() {
        greet(3);
        final byte[] twice =
                new Wire().option(NbdSpec.OPT_LIST).option(NbdSpec.OPT_LIST).toBytes();
        final ByteBuffer bytes = ByteBuffer.wrap(twice);
        handshake.accept(bytes);
        assertThat(bytes.remaining()).isEqualTo(NbdSpec.OPTION_HEADER_BYTES);
        handshake.accept(bytes);
        assertThat(bytes.remaining()).isEqualTo(NbdSpec.OPTION_HEADER_BYTES);
        assertThat(types(replies(handshake.output()))).containsExactly(2, 2, 1);
        handshake.accept(bytes);
        assertThat(types(replies(handshake.output()))).containsExactly(2, 2, 1);
    }
}
