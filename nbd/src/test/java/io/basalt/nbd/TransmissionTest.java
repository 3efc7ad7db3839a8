package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.nbd.Client.Reply;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Commands and their replies, one by one.
class TransmissionTest {
    private static final int BLOCK = 4096;
    private static final int MIB = 1 << 20;

    private final HandVolume volume = new HandVolume(8 * MIB, BLOCK);

    private Client client(ReplyStyle style) {
        volume.immediate = true;
        return new Client(volume, style);
    }

    private static byte[] pattern(int length, int seed) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 12) + seed);
        }
        return bytes;
    }

    private static List<Reply> ask(Client client, int type, int flags, long offset, long length, byte... content) {
        client.request(type, flags, 7, offset, length, content);
        client.settle();
        return client.replies();
    }

    private static int error(Client client, int type, int flags, long offset, long length) {
        final List<Reply> replies = ask(client, type, flags, offset, length);
        assertThat(replies).hasSize(1);
        assertThat(replies.getFirst().cookie()).isEqualTo(7);
        assertThat(replies.getFirst().done()).isTrue();
        return replies.getFirst().error();
    }

    @ParameterizedTest
    @EnumSource
    void readsWhatWasWritten(ReplyStyle style) {
        final Client client = client(style);
        final byte[] content = pattern(3 * BLOCK, 1);
        final List<Reply> written = ask(client, NbdSpec.CMD_WRITE, 0, BLOCK, content.length, content);
        assertThat(written).hasSize(1);
        assertThat(written.getFirst().error()).isZero();
        assertThat(written.getFirst().type()).isEqualTo(style == ReplyStyle.EXTENDED ? 0 : -1);
        assertThat(Arrays.copyOfRange(volume.content, BLOCK, 4 * BLOCK)).isEqualTo(content);
        final List<Reply> read = ask(client, NbdSpec.CMD_READ, 0, BLOCK, content.length);
        assertThat(read).hasSize(1);
        assertThat(read.getFirst().content()).isEqualTo(content);
        assertThat(read.getFirst().offset()).isEqualTo(style.chunked() ? BLOCK : 0);
        assertThat(client.transmission.freeContentBytes()).isEqualTo(TransmissionMemory.CONTENT_BYTES);
    }

    @ParameterizedTest
    @EnumSource
    void cutsLongRequestsIntoPieces(ReplyStyle style) {
        final Client client = client(style);
        final byte[] content = pattern(7 * MIB, 2);
        assertThat(ask(client, NbdSpec.CMD_WRITE, 0, MIB, content.length, content))
                .hasSize(1);
        assertThat(Arrays.copyOfRange(volume.content, MIB, 8 * MIB)).isEqualTo(content);
        final List<Reply> read = ask(client, NbdSpec.CMD_READ, 0, MIB, content.length);
        final byte[] joined = new byte[content.length];
        for (final Reply reply : read) {
            final int at = style.chunked() ? (int) reply.offset() - MIB : 0;
            System.arraycopy(reply.content(), 0, joined, at, reply.content().length);
        }
        assertThat(joined).isEqualTo(content);
        assertThat(read).hasSize(style.chunked() ? 28 : 1);
        assertThat(read.stream().filter(Reply::done)).hasSize(1);
        assertThat(read.getLast().done()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatTheSpecificationForbids(ReplyStyle style) {
        final Client client = client(style);
        final long size = volume.sizeBytes();
        assertThat(error(client, NbdSpec.CMD_READ, 0, size, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0, -BLOCK, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0, Long.MIN_VALUE, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0, 512, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0, 0, 512)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0, 0, 0)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, NbdSpec.CMD_FLAG_NO_HOLE, 0, BLOCK))
                .isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_READ, 0x8000, 0, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_WRITE_ZEROES, 0, size, BLOCK)).isEqualTo(NbdSpec.ENOSPC);
        assertThat(error(client, NbdSpec.CMD_TRIM, 0, size, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_FLUSH, 0, 0, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_FLUSH, 0, BLOCK, 0)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, 9, 0, 0, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, 0xffff, 0, 0, 0)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_CACHE, 0, size, BLOCK)).isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_CACHE, NbdSpec.CMD_FLAG_FAST_ZERO, 0, BLOCK))
                .isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_CACHE, 0, 0, BLOCK)).isZero();
        // FUA goes with anything.
        assertThat(error(client, NbdSpec.CMD_CACHE, NbdSpec.CMD_FLAG_FUA, 0, BLOCK))
                .isZero();
    }

    @ParameterizedTest
    @EnumSource
    void passesOverTheContentOfARefusedWrite(ReplyStyle style) {
        final Client client = client(style);
        assertThat(ask(client, NbdSpec.CMD_WRITE, 0, volume.sizeBytes(), MIB, pattern(MIB, 3))
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.ENOSPC);
        assertThat(ask(client, NbdSpec.CMD_WRITE, 0, 1, BLOCK, pattern(BLOCK, 3))
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.EINVAL);
        assertThat(ask(client, NbdSpec.CMD_WRITE, NbdSpec.CMD_FLAG_DF, 0, BLOCK, pattern(BLOCK, 3))
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_FLUSH, 0, 0, 0)).isZero();
        assertThat(volume.content).containsOnly(0);
    }

    @ParameterizedTest
    @EnumSource
    void changesNothingThroughAReadOnlyExport(ReplyStyle style) {
        volume.immediate = true;
        final Client client = new Client(volume, style, true);
        assertThat(ask(client, NbdSpec.CMD_WRITE, 0, 0, BLOCK, pattern(BLOCK, 3))
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.EPERM);
        assertThat(error(client, NbdSpec.CMD_TRIM, 0, 0, BLOCK)).isEqualTo(NbdSpec.EPERM);
        assertThat(error(client, NbdSpec.CMD_WRITE_ZEROES, 0, 0, BLOCK)).isEqualTo(NbdSpec.EPERM);
        assertThat(error(client, NbdSpec.CMD_FLUSH, 0, 0, 0)).isZero();
        assertThat(volume.content).containsOnly(0);
    }

    @Test
    void zeroesAndDiscardsWithTheFlagsThatWereGiven() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        client.request(NbdSpec.CMD_WRITE_ZEROES, 0, 1, 0, BLOCK);
        client.request(NbdSpec.CMD_WRITE_ZEROES, NbdSpec.CMD_FLAG_NO_HOLE, 2, 0, BLOCK);
        client.request(NbdSpec.CMD_TRIM, 0, 3, BLOCK, 2 * BLOCK);
        client.settle();
        assertThat(volume.waiting).hasSize(3);
        assertThat(volume.waiting.get(0).mayUnmap()).isTrue();
        assertThat(volume.waiting.get(1).mayUnmap()).isFalse();
        assertThat(volume.waiting.get(2).operation()).isEqualTo(BlockOperation.DISCARD);
        assertThat(volume.waiting.get(2).length()).isEqualTo(2 * BLOCK);
        volume.fast = false;
        client.request(NbdSpec.CMD_WRITE_ZEROES, NbdSpec.CMD_FLAG_FAST_ZERO, 4, 0, BLOCK);
        client.settle();
        assertThat(client.replies().getFirst().error()).isEqualTo(NbdSpec.ENOTSUP);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsForcedIsDurableWhenItIsAnswered(ReplyStyle style) {
        final Client client = new Client(volume, style);
        client.request(NbdSpec.CMD_WRITE, NbdSpec.CMD_FLAG_FUA, 1, 0, BLOCK, pattern(BLOCK, 1));
        client.settle();
        assertThat(volume.waiting.getFirst().durable()).isTrue();
        volume.completeAll();
        client.settle();
        assertThat(client.replies()).hasSize(1);
        for (final int type : new int[] {NbdSpec.CMD_TRIM, NbdSpec.CMD_WRITE_ZEROES}) {
            client.request(type, NbdSpec.CMD_FLAG_FUA, 2, 0, BLOCK);
            client.settle();
            volume.complete(0);
            client.settle();
            assertThat(client.replies()).isEmpty();
            assertThat(volume.waiting.getFirst().operation()).isEqualTo(BlockOperation.FLUSH);
            volume.complete(0);
            client.settle();
            assertThat(client.replies()).hasSize(1);
        }
    }

    @Test
    void aFlushThatFailsFailsTheForcedZeroes() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        volume.failing(request -> request.operation() == BlockOperation.FLUSH ? BlockStatus.IO_ERROR.code() : 0);
        client.request(NbdSpec.CMD_WRITE_ZEROES, NbdSpec.CMD_FLAG_FUA, 1, 0, BLOCK);
        client.settle();
        volume.complete(0);
        client.settle();
        volume.complete(0);
        client.settle();
        assertThat(client.replies().getFirst().error()).isEqualTo(NbdSpec.EIO);
    }

    /// CVE-2022-0485 is a client that overlooked these.
    @ParameterizedTest
    @EnumSource
    void everyErrorOfTheVolumeReachesTheClient(ReplyStyle style) {
        final Client client = client(style);
        for (final BlockStatus status : BlockStatus.values()) {
            if (status == BlockStatus.OK || status == BlockStatus.PENDING) {
                continue;
            }
            volume.failing(_ -> status.code());
            final int expected = switch (status) {
                case IO_ERROR -> NbdSpec.EIO;
                case READ_ONLY -> NbdSpec.EPERM;
                case NO_SPACE -> NbdSpec.ENOSPC;
                default -> NbdSpec.EINVAL;
            };
            assertThat(error(client, NbdSpec.CMD_READ, 0, 0, BLOCK)).isEqualTo(expected);
            assertThat(error(client, NbdSpec.CMD_FLUSH, 0, 0, 0)).isEqualTo(expected);
            assertThat(error(client, NbdSpec.CMD_TRIM, 0, 0, BLOCK)).isEqualTo(expected);
            assertThat(error(client, NbdSpec.CMD_WRITE_ZEROES, 0, 0, BLOCK)).isEqualTo(expected);
            assertThat(ask(client, NbdSpec.CMD_WRITE, 0, 0, BLOCK, pattern(BLOCK, 1))
                            .getFirst()
                            .error())
                    .isEqualTo(expected);
        }
        assertThat(client.transmission.freeContentBytes()).isEqualTo(TransmissionMemory.CONTENT_BYTES);
        assertThat(client.counters.errors()).isEqualTo(5 * 5);
    }

    @Test
    void onePieceOfAWriteThatFailsFailsTheWrite() {
        final Client client = client(ReplyStyle.SIMPLE);
        volume.failing(request -> request.offset() == TransmissionMemory.PIECE_BYTES_MAX ? 1 : 0);
        assertThat(ask(client, NbdSpec.CMD_WRITE, 0, 0, MIB, pattern(MIB, 1))
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.EIO);
    }

    @Test
    void aPieceOfAReadThatFailsIsToldWithItsOffset() {
        final Client client = client(ReplyStyle.STRUCTURED);
        volume.failing(request -> request.offset() == TransmissionMemory.PIECE_BYTES_MAX ? 1 : 0);
        final List<Reply> read = ask(client, NbdSpec.CMD_READ, 0, 0, MIB);
        assertThat(read).hasSize(4);
        assertThat(read.get(1).error()).isEqualTo(NbdSpec.EIO);
        assertThat(read.get(1).offset()).isEqualTo(TransmissionMemory.PIECE_BYTES_MAX);
        assertThat(read.get(3).done()).isTrue();
    }

    @Test
    void hangsUpIfASimpleReadFailsWhenPartOfItHasGone() {
        final Client client = client(ReplyStyle.SIMPLE);
        volume.failing(request -> request.offset() == TransmissionMemory.PIECE_BYTES_MAX ? 1 : 0);
        client.request(NbdSpec.CMD_READ, 0, 1, 0, MIB);
        client.settle();
        assertThat(client.transmission.state()).isEqualTo(TransmissionState.CLOSING);
        client.stream.finishClose();
        client.settle();
        assertThat(client.closedBecause()).contains("failed");
    }

    @Test
    void aSimpleReadThatFailsAtOnceHasNoContentAndTheNextRequestIsAnswered() {
        final Client client = new Client(volume, ReplyStyle.SIMPLE);
        volume.failing(_ -> 1);
        client.request(NbdSpec.CMD_READ, 0, 1, 0, MIB);
        client.request(NbdSpec.CMD_FLUSH, 0, 2, 0, 0);
        client.settle();
        volume.complete(0);
        volume.failing(_ -> 0);
        client.settle();
        volume.completeAll();
        client.settle();
        final List<Reply> replies = client.replies();
        assertThat(replies).hasSize(2);
        assertThat(replies.get(0).error()).isEqualTo(NbdSpec.EIO);
        assertThat(replies.get(1).error()).isZero();
    }

    @Test
    void doesNotFragmentIfAskedNotTo() {
        final Client client = client(ReplyStyle.STRUCTURED);
        final int most = TransmissionMemory.PIECE_BYTES_MAX;
        assertThat(ask(client, NbdSpec.CMD_READ, NbdSpec.CMD_FLAG_DF, 0, most)).hasSize(1);
        assertThat(error(client, NbdSpec.CMD_READ, NbdSpec.CMD_FLAG_DF, 0, most + BLOCK))
                .isEqualTo(NbdSpec.EOVERFLOW);
        assertThat(error(client(ReplyStyle.SIMPLE), NbdSpec.CMD_READ, NbdSpec.CMD_FLAG_DF, 0, BLOCK))
                .isEqualTo(NbdSpec.EINVAL);
    }

    @Test
    void refusesAReadThatIsLongerThanAPayloadMayBe() {
        final HandVolume large = new HandVolume(40 * MIB, 512);
        final Client client = new Client(large, ReplyStyle.STRUCTURED);
        assertThat(error(client, NbdSpec.CMD_READ, 0, 0, 33 * MIB)).isEqualTo(NbdSpec.EOVERFLOW);
    }

    @ParameterizedTest
    @EnumSource
    void hangsUpOnAWriteThatIsTooLong(ReplyStyle style) {
        final Client client = client(style);
        client.request(NbdSpec.CMD_WRITE, 0, 1, 0, 33 * MIB);
        client.settle();
        assertThat(client.stream.isClosed()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void hangsUpOnWhatIsNoRequest(ReplyStyle style) {
        final Client client = client(style);
        client.say(new byte[64]);
        client.settle();
        assertThat(client.stream.isClosed()).isTrue();
    }

    @Test
    void anExtendedRequestSaysWhetherContentFollows() {
        final Client client = client(ReplyStyle.EXTENDED);
        client.say(new Wire()
                .u32(NbdSpec.EXTENDED_REQUEST_MAGIC)
                .u16(0)
                .u16(NbdSpec.CMD_WRITE)
                .u64(7)
                .u64(0)
                .u64(BLOCK)
                .toBytes());
        client.settle();
        assertThat(client.replies().getFirst().error()).isEqualTo(NbdSpec.EINVAL);
        final byte[] content = pattern(BLOCK, 1);
        assertThat(ask(client, NbdSpec.CMD_FLUSH, NbdSpec.CMD_FLAG_PAYLOAD_LEN, 0, BLOCK, content)
                        .getFirst()
                        .error())
                .isEqualTo(NbdSpec.EINVAL);
        assertThat(error(client, NbdSpec.CMD_FLUSH, 0, 0, 0)).isZero();
        assertThat(error(client, NbdSpec.CMD_WRITE_ZEROES, 0, 0, 1L << 40)).isEqualTo(NbdSpec.ENOSPC);
        assertThat(error(client, NbdSpec.CMD_READ, 0, 0, -1L << 20)).isEqualTo(NbdSpec.EINVAL);
    }

    @ParameterizedTest
    @EnumSource(names = {"STRUCTURED", "EXTENDED"})
    void tellsWhereContentIs(ReplyStyle style) {
        final Client client = client(style);
        Arrays.fill(volume.content, 2 * BLOCK, 5 * BLOCK, (byte) 1);
        final Reply reply =
                ask(client, NbdSpec.CMD_BLOCK_STATUS, 0, BLOCK, 7 * BLOCK).getFirst();
        assertThat(reply.done()).isTrue();
        final ByteBuffer extents = ByteBuffer.wrap(reply.content());
        final boolean extended = style == ReplyStyle.EXTENDED;
        assertThat(extents.getInt()).isEqualTo(1);
        assertThat(extended ? extents.getInt() : 3).isEqualTo(3);
        final long[] numbers = new long[6];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = extended ? extents.getLong() : extents.getInt();
        }
        assertThat(numbers).containsExactly(BLOCK, 3, 3 * BLOCK, 0, 3 * BLOCK, 3);
        assertThat(extents.hasRemaining()).isFalse();
        final Reply one = ask(client, NbdSpec.CMD_BLOCK_STATUS, NbdSpec.CMD_FLAG_REQ_ONE, BLOCK, 7 * BLOCK)
                .getFirst();
        assertThat(one.content()).hasSize(extended ? 24 : 12);
    }

    @Test
    void tellsAsManyExtentsAsFitAndNoMore() {
        final Client client = client(ReplyStyle.STRUCTURED);
        for (int i = 0; i < volume.content.length; i += 2 * BLOCK) {
            volume.content[i] = 1;
        }
        final Reply reply =
                ask(client, NbdSpec.CMD_BLOCK_STATUS, 0, 0, volume.sizeBytes()).getFirst();
        assertThat(reply.content()).hasSize(4 + 8 * ExtentQuery.COUNT_MAX);
    }

    @Test
    void tellsNothingOfContentWithoutTheContext() {
        assertThat(error(client(ReplyStyle.SIMPLE), NbdSpec.CMD_BLOCK_STATUS, 0, 0, BLOCK))
                .isEqualTo(NbdSpec.EINVAL);
    }

    @Test
    void finishesAndAnswersWhatWasTakenBeforeItSaysGoodbye() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        client.request(NbdSpec.CMD_WRITE, 0, 1, 0, BLOCK, pattern(BLOCK, 1));
        client.request(NbdSpec.CMD_READ, 0, 2, 0, MIB);
        client.request(NbdSpec.CMD_DISC, 0, 3, 0, 0);
        client.settle();
        assertThat(client.transmission.state()).isEqualTo(TransmissionState.DRAINING);
        assertThat(volume.hurried).isPositive();
        volume.completeAll();
        client.settle();
        assertThat(client.replies()).hasSize(5);
        client.stream.finishClose();
        client.settle();
        assertThat(client.transmission.state()).isEqualTo(TransmissionState.CLOSED);
        assertThat(client.closedBecause()).contains("goodbye");
    }

    @Test
    void closesUnderAClientThatHasHalfAWriteOnTheWire() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        client.request(NbdSpec.CMD_WRITE, 0, 1, 0, MIB, pattern(MIB / 2 + 100, 1));
        client.settle();
        client.transmission.drain();
        client.settle();
        volume.completeAll();
        client.settle();
        assertThat(client.replies().getFirst().error()).isEqualTo(NbdSpec.ESHUTDOWN);
        client.stream.finishClose();
        client.settle();
        assertThat(client.closedBecause()).isEqualTo("closed by the server");
    }

    @Test
    void waitsForTheVolumeWhenTheClientIsGone() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        client.request(NbdSpec.CMD_READ, 0, 1, 0, BLOCK);
        client.settle();
        client.transmission.ended("gone");
        client.stream.finishClose();
        client.settle();
        assertThat(client.closedBecause()).isNull();
        volume.completeAll();
        client.settle();
        assertThat(client.closedBecause()).isEqualTo("gone");
    }

    @Test
    void aClientThatDoesNotListenIsHeldBackAndNotForgotten() {
        final Client client = new Client(volume, ReplyStyle.STRUCTURED);
        volume.immediate = true;
        for (int i = 0; i < 200; i++) {
            client.request(NbdSpec.CMD_READ, 0, i, 0, 64 << 10);
        }
        for (int i = 0; i < 100; i++) {
            if (client.canDeliver()) {
                client.deliver(Integer.MAX_VALUE);
            }
            client.transmission.flush();
        }
        assertThat(client.canDeliver()).isFalse();
        assertThat(client.transmission.freeContentBytes()).isZero();
        client.settle();
        assertThat(client.replies()).hasSize(200);
    }
}
