package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_IOERR;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_UNSUPP;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_DISCARD;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_FLUSH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_GET_ID;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_IN;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_OUT;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlkRequestParserTest {
    private static final int SIZE = 1 << 20;
    private static final int SECTORS = SIZE / 512;

    private final FakeGuest guest = new FakeGuest();
    private FakeVolume volume = new FakeVolume(SIZE, 512);
    private BlkRequest request = new BlkRequest((done, status) -> {}, BlkLimits.DEFAULT);

    @AfterEach
    void freeMemory() {
        guest.close();
    }

    private int parse(DescriptorChain chain) {
        return parse(chain, BlkLimits.DEFAULT);
    }

    private int parse(DescriptorChain chain, BlkLimits limits) {
        request = new BlkRequest((done, status) -> {}, limits);
        request.begin(chain.id(), 0);
        return parser(new BlkDevice(volume, "serial", false, false, limits), guest.memory())
                .parse(chain, request);
    }

    private static BlkRequestParser parser(BlkDevice device, GuestMemory memory) {
        final BlkRequestParser parser = new BlkRequestParser(device);
        parser.useMemory(memory);
        return parser;
    }

    private DescriptorChain chain(int type, long sector, int readableLength, int writableLength) {
        final long header = guest.placeHeader(type, sector);
        return FakeGuest.chain(
                header, guest.place(readableLength), readableLength, guest.place(writableLength), writableLength);
    }

    @Test
    void preparesARead() {
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 3, 0, 1025))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.operation()).isEqualTo(BlockOperation.READ);
        assertThat(request.offset()).isEqualTo(3 * 512);
        assertThat(request.length()).isEqualTo(1024);
        assertThat(request.data().byteCount()).isEqualTo(1024);
        assertThat(request.writtenLength(VIRTIO_BLK_S_OK)).isEqualTo(1025);
        assertThat(request.writtenLength(VIRTIO_BLK_S_IOERR)).isEqualTo(1);
    }

    @Test
    void preparesAWrite() {
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 3, 1024, 1))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.operation()).isEqualTo(BlockOperation.WRITE);
        assertThat(request.offset()).isEqualTo(3 * 512);
        assertThat(request.data().byteCount()).isEqualTo(1024);
        assertThat(request.writtenLength(VIRTIO_BLK_S_OK)).isEqualTo(1);
    }

    @Test
    void preparesAFlush() {
        assertThat(parse(chain(VIRTIO_BLK_T_FLUSH, 0, 0, 1))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.operation()).isEqualTo(BlockOperation.FLUSH);
        assertThat(request.length()).isZero();
    }

    @Test
    void refusesAFlushThatTheVolumeCannotDo() {
        volume.without(BlockOperation.FLUSH);
        assertThat(parse(chain(VIRTIO_BLK_T_FLUSH, 0, 0, 1))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
    }

    @Test
    void masksTheBarrierBit() {
        assertThat(parse(chain(VIRTIO_BLK_T_OUT | BlkSpec.VIRTIO_BLK_T_BARRIER, 0, 512, 1)))
                .isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.operation()).isEqualTo(BlockOperation.WRITE);
    }

    @Test
    void refusesEveryTypeItDoesNotKnow() {
        for (int type = 0; type < 64; type++) {
            final boolean known = type == VIRTIO_BLK_T_IN
                    || type == VIRTIO_BLK_T_OUT
                    || type == VIRTIO_BLK_T_FLUSH
                    || type == VIRTIO_BLK_T_GET_ID
                    || type == VIRTIO_BLK_T_DISCARD
                    || type == VIRTIO_BLK_T_WRITE_ZEROES;
            guest.clear();
            final int verdict = parse(chain(type, 0, 512, 513));
            assertThat(verdict == VIRTIO_BLK_S_UNSUPP).as("type %d", type).isEqualTo(!known);
        }
    }

    @Test
    void takesTheHeaderFromSingleBytes() {
        final long header = guest.placeHeader(VIRTIO_BLK_T_OUT, 5);
        final DescriptorChain chain = new DescriptorChain(20);
        for (int i = 0; i < 16; i++) {
            chain.addReadable(header + i, 1);
        }
        chain.addReadable(guest.place(512), 512);
        chain.addWritable(guest.place(1), 1);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.offset()).isEqualTo(5 * 512);
        assertThat(request.data().byteCount()).isEqualTo(512);
    }

    @Test
    void takesAHeaderThatCrossesRegions() {
        final long header = FakeGuest.SEAM - 7;
        guest.setInt(header, VIRTIO_BLK_T_OUT);
        for (int i = 4; i < 16; i++) {
            guest.setByte(header + i, i == 8 ? 9 : 0);
        }
        final DescriptorChain chain = FakeGuest.chain(header, guest.place(512), 512, guest.place(1), 1);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.offset()).isEqualTo(9 * 512);
    }

    @Test
    void takesHeaderAndDataFromOneDescriptor() {
        final long header = guest.placeHeader(VIRTIO_BLK_T_OUT, 1);
        guest.place(512);
        final DescriptorChain chain = new DescriptorChain(2);
        chain.addReadable(header, 16 + 512);
        chain.addWritable(guest.place(1), 1);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.data().count()).isEqualTo(1);
        assertThat(request.data().offset(0)).isEqualTo(header + 16 - FakeGuest.START);
        assertThat(request.data().length(0)).isEqualTo(512);
    }

    @Test
    void refusesAHeaderThatIsTooShort() {
        final DescriptorChain chain = new DescriptorChain(2);
        chain.addReadable(guest.placeHeader(VIRTIO_BLK_T_IN, 0), 15);
        chain.addWritable(guest.place(513), 513);
        assertThat(parse(chain)).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void splitsDataThatCrossesRegions() {
        final DescriptorChain chain =
                FakeGuest.chain(guest.placeHeader(VIRTIO_BLK_T_IN, 0), 0, 0, FakeGuest.SEAM - 100, 513);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.data().count()).isEqualTo(2);
        assertThat(request.data().length(0)).isEqualTo(100);
        assertThat(request.data().region(1)).isEqualTo(1);
        assertThat(request.data().offset(1)).isZero();
        assertThat(request.data().length(1)).isEqualTo(412);
    }

    @Test
    void findsTheStatusInFrontOfEmptyDescriptors() {
        final DescriptorChain chain = new DescriptorChain(5);
        chain.addReadable(guest.placeHeader(VIRTIO_BLK_T_IN, 0), 16);
        chain.addWritable(guest.place(512), 512);
        final long status = guest.place(1);
        chain.addWritable(status, 1);
        chain.addWritable(0, 0);
        chain.addWritable(-1, 0);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.answerAddress()).isEqualTo(status);
        assertThat(request.length()).isEqualTo(512);
    }

    @Test
    void hasNoAnswerWithoutAWritableByte() {
        final DescriptorChain chain = new DescriptorChain(3);
        chain.addReadable(guest.placeHeader(VIRTIO_BLK_T_OUT, 0), 16);
        chain.addReadable(guest.place(512), 512);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.ANSWER_MISSING);
        chain.addWritable(guest.place(1), 0);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.ANSWER_MISSING);
    }

    @Test
    void hasNoAnswerOutsideGuestMemory() {
        final long header = guest.placeHeader(VIRTIO_BLK_T_IN, 0);
        assertThat(parse(FakeGuest.chain(header, 0, 0, FakeGuest.END - 512, 513)))
                .isEqualTo(BlkRequestParser.ANSWER_OUTSIDE_MEMORY);
    }

    @Test
    void refusesLengthsThatAreNotWholeSectors() {
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 0, 0, 512))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 0, 0, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 0, 511, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 0, 0, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void refusesDataInTheWrongDirection() {
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 0, 512, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 0, 0, 513))).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void refusesRangesBehindTheEnd() {
        assertThat(parse(chain(VIRTIO_BLK_T_IN, SECTORS - 1, 0, 513))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, SECTORS - 1, 0, 1025))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, SECTORS, 0, 513))).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void refusesSectorsWhoseByteOffsetOverflows() {
        final long[] sectors = {
            Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MIN_VALUE, -1, 1L << 55, 1L << 54, (1L << 55) - 1
        };
        for (final long sector : sectors) {
            guest.clear();
            assertThat(parse(chain(VIRTIO_BLK_T_OUT, sector, 512, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
            assertThat(parse(chain(VIRTIO_BLK_T_IN, sector, 0, 513))).isEqualTo(VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void refusesAddressesThatWrapAround() {
        final long header = guest.placeHeader(VIRTIO_BLK_T_OUT, 0);
        // The last 256 bytes of the address space are guest memory; the piece that would follow is at address 0.
        assertThat(parse(FakeGuest.chain(header, -256, 512, guest.place(1), 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(FakeGuest.chain(header, -512, 512, guest.place(1), 1))).isEqualTo(BlkRequestParser.PREPARED);
    }

    @Test
    void refusesAddressesThatWrapAroundIntoGuestMemory() {
        try (Arena arena = Arena.ofConfined()) {
            final int length = 0x10000;
            final GuestMemory memory = GuestMemory.of(List.of(
                    new GuestRegion(0, 0x1000_0000, arena.allocate(length)),
                    new GuestRegion(-length, 0x2000_0000, arena.allocate(length))));
            final BlkRequestParser parser = parser(new BlkDevice(volume, "", false, false, BlkLimits.DEFAULT), memory);
            final long header = 1024;
            memory.segment(0).set(ValueLayout.JAVA_BYTE, header, (byte) VIRTIO_BLK_T_OUT);
            request.begin(0, 0);
            assertThat(parser.parse(FakeGuest.chain(header, -512, 512, 0, 1), request))
                    .isEqualTo(BlkRequestParser.PREPARED);
            assertThat(parser.parse(FakeGuest.chain(header, -256, 512, 0, 1), request))
                    .as("data")
                    .isEqualTo(VIRTIO_BLK_S_IOERR);
            assertThat(parser.parse(FakeGuest.chain(header, 0, 512, -256, 512), request))
                    .as("status")
                    .isEqualTo(BlkRequestParser.ANSWER_OUTSIDE_MEMORY);
            final DescriptorChain merged = new DescriptorChain(2);
            merged.addReadable(-16, 16 + 512);
            merged.addWritable(0, 1);
            memory.segment(1).set(ValueLayout.JAVA_BYTE, length - 16, (byte) VIRTIO_BLK_T_OUT);
            assertThat(parser.parse(merged, request)).as("header and data").isEqualTo(VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void refusesMoreDataThanTheDeviceTakes() {
        final DescriptorChain chain = new DescriptorChain(200);
        chain.addReadable(guest.placeHeader(VIRTIO_BLK_T_OUT, 0), 16);
        for (int i = 0; i < 3; i++) {
            chain.addReadable(FakeGuest.START, Integer.MAX_VALUE - 511);
        }
        chain.addWritable(guest.place(1), 1);
        assertThat(parse(chain)).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void takesAsManySegmentsAsItPromisesAndNoMoreThanFit() {
        final long data = guest.place(512);
        for (int count = 126; count <= 129; count += 3) {
            final DescriptorChain chain = new DescriptorChain(200);
            chain.addReadable(guest.placeHeader(VIRTIO_BLK_T_OUT, 0), 16);
            for (int i = 0; i < count; i++) {
                chain.addReadable(data, 512);
            }
            chain.addWritable(guest.place(1), 1);
            assertThat(parse(chain)).isEqualTo(count == 126 ? BlkRequestParser.PREPARED : VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void refusesWritesToAReadOnlyDisk() {
        volume.readOnly = true;
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 0, 512, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 1, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 0, 0, 513))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(parse(chain(VIRTIO_BLK_T_FLUSH, 0, 0, 1))).isEqualTo(BlkRequestParser.PREPARED);
    }

    @Test
    void refusesMisalignedRequestsToBlocksOf4096() {
        volume = new FakeVolume(SIZE, 4096);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 8, 0, 4097))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 1, 0, 4097))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_IN, 0, 0, 513))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(chain(VIRTIO_BLK_T_OUT, 0, 512, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 7, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 8, 16, 0))).isEqualTo(BlkRequestParser.PREPARED);
    }

    @Test
    void followsAResize() {
        final BlkDevice device = new BlkDevice(volume, "", false, false, BlkLimits.DEFAULT);
        final BlkRequestParser parser = parser(device, guest.memory());
        final DescriptorChain chain = chain(VIRTIO_BLK_T_IN, SECTORS, 0, 513);
        request.begin(0, 0);
        assertThat(parser.parse(chain, request)).isEqualTo(VIRTIO_BLK_S_IOERR);
        device.resize(2L * SIZE);
        request.begin(0, 0);
        assertThat(parser.parse(chain, request)).isEqualTo(BlkRequestParser.PREPARED);
    }

    @Test
    void findsRoomForTheWholeIdOrPartOfIt() {
        assertThat(parse(chain(VIRTIO_BLK_T_GET_ID, 0, 0, 21))).isEqualTo(BlkRequestParser.PREPARED_ID);
        assertThat(request.data().byteCount()).isEqualTo(20);
        assertThat(parse(chain(VIRTIO_BLK_T_GET_ID, 0, 0, 513))).isEqualTo(BlkRequestParser.PREPARED_ID);
        assertThat(request.data().byteCount()).isEqualTo(20);
        assertThat(parse(chain(VIRTIO_BLK_T_GET_ID, 0, 0, 2))).isEqualTo(BlkRequestParser.PREPARED_ID);
        assertThat(request.data().byteCount()).isEqualTo(1);
        assertThat(parse(chain(VIRTIO_BLK_T_GET_ID, 0, 0, 1))).isEqualTo(BlkRequestParser.PREPARED_ID);
        assertThat(request.data().byteCount()).isZero();
    }

    private DescriptorChain ranges(int type, long sector, int sectors, int flags) {
        final long segment = guest.place(16);
        guest.setSegment(segment, sector, sectors, flags);
        return FakeGuest.chain(guest.placeHeader(type, 0), segment, 16, guest.place(1), 1);
    }

    @Test
    void preparesRangesOneAfterTheOther() {
        final long segments = guest.place(48);
        guest.setSegment(segments, 8, 2, 1);
        guest.setSegment(segments + 16, 0, 0, 0);
        guest.setSegment(segments + 32, 100, 1, 0);
        final long header = guest.placeHeader(VIRTIO_BLK_T_WRITE_ZEROES, 0);
        assertThat(parse(FakeGuest.chain(header, segments, 48, guest.place(1), 1)))
                .isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.operation()).isEqualTo(BlockOperation.WRITE_ZEROES);
        assertThat(request.offset()).isEqualTo(8 * 512);
        assertThat(request.length()).isEqualTo(2 * 512);
        assertThat(request.mayUnmap()).isTrue();
        assertThat(request.prepareNext()).isTrue();
        assertThat(request.offset()).isEqualTo(100 * 512);
        assertThat(request.mayUnmap()).isFalse();
        assertThat(request.prepareNext()).isFalse();
        assertThat(request.byteCount()).isEqualTo(3 * 512);
    }

    @Test
    void takesASegmentThatIsSplitOverDescriptors() {
        final long header = guest.placeHeader(VIRTIO_BLK_T_DISCARD, 0);
        final long segment = guest.place(16);
        guest.setSegment(segment, 4, 4, 0);
        final DescriptorChain chain = new DescriptorChain(8);
        chain.addReadable(header, 10);
        chain.addReadable(header + 10, 6);
        chain.addReadable(segment, 3);
        chain.addReadable(segment + 3, 13);
        chain.addWritable(guest.place(1), 1);
        assertThat(parse(chain)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(request.offset()).isEqualTo(4 * 512);
    }

    @Test
    void followsTheRulesForSegmentFlags() {
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 1, 1))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 1, 2))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 1))).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 2))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0x8000_0000))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
    }

    @Test
    void refusesRangesOutsideTheDiskOrItsLimits() {
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, SECTORS, 1, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, -1, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, Long.MAX_VALUE, 1, 0))).isEqualTo(VIRTIO_BLK_S_IOERR);
        final BlkLimits narrow = new BlkLimits(1, 126, 1 << 20, 8, 1, 8, 1);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 8, 0), narrow)).isEqualTo(BlkRequestParser.PREPARED);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 9, 0), narrow)).isEqualTo(VIRTIO_BLK_S_IOERR);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 9, 0), narrow)).isEqualTo(VIRTIO_BLK_S_IOERR);
    }

    @Test
    void refusesPayloadsThatAreNotSegments() {
        for (final int length : new int[] {0, 1, 15, 17, 16 * 17, 32768}) {
            guest.clear();
            assertThat(parse(chain(VIRTIO_BLK_T_DISCARD, 0, length, 1))).isEqualTo(VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void doesNothingForEmptyRanges() {
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 5, 0, 0))).isEqualTo(VIRTIO_BLK_S_OK);
    }

    @Test
    void refusesRangeRequestsThatTheVolumeCannotDo() {
        volume.without(BlockOperation.DISCARD).without(BlockOperation.WRITE_ZEROES);
        assertThat(parse(ranges(VIRTIO_BLK_T_DISCARD, 0, 1, 0))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
        assertThat(parse(ranges(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0))).isEqualTo(VIRTIO_BLK_S_UNSUPP);
    }
}
