package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.HEADER_LENGTH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_IN;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_OUT;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.IoVector;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.DescriptorChain;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// A parser that knows the region that answered last takes a short cut for plain reads and writes. It must
/// find what a parser that knows nothing finds, for plain requests, almost plain ones and broken ones.
class PlainRequestTest {
    private static final int DISK_BYTES = 1 << 20;
    private static final int HEADERS = 64;

    private int shortCuts;

    @Test
    void findsTheSameOnBothWays() {
        try (FakeGuest guest = new FakeGuest()) {
            final GuestMemory memory = guest.memory();
            SeededTest.run(20_000, random -> {
                guest.clear();
                compare(random, guest, memory);
            });
        }
        assertThat(shortCuts).as("requests that were plain").isGreaterThan(1000);
    }

    @Test
    void forgetsARegionOfMemoryThatWasReplaced() {
        try (FakeGuest before = new FakeGuest();
                FakeGuest after = new FakeGuest()) {
            final BlkRequestParser parser = new BlkRequestParser(
                    new BlkDevice(new FakeVolume(DISK_BYTES, 512), "serial", false, false, BlkLimits.DEFAULT));
            parser.useMemory(before.memory());
            headerAt(before, FakeGuest.DATA);
            headerAt(after, FakeGuest.DATA);
            final DescriptorChain chain = new DescriptorChain(3);
            chain.addReadable(FakeGuest.DATA, HEADER_LENGTH);
            chain.addWritable(FakeGuest.DATA + 512, 512);
            chain.addWritable(FakeGuest.DATA + 1024, 1);
            final BlkRequest request = begun();
            // Twice: the second time on the short way.
            parser.parse(chain, request);
            parser.parse(chain, request);
            final GuestMemory replaced = after.memory();
            parser.useMemory(replaced);
            assertThat(parser.parse(chain, request)).isEqualTo(BlkRequestParser.PREPARED);
            request.answer(0x55);
            assertThat(after.getByte(FakeGuest.DATA + 1024)).isEqualTo((byte) 0x55);
            assertThat(before.getByte(FakeGuest.DATA + 1024)).isZero();
            assertThat(request.data().table()).isSameAs(replaced.table());
            parser.useMemory(GuestMemory.EMPTY);
            assertThat(parser.parse(chain, request)).isEqualTo(BlkRequestParser.ANSWER_OUTSIDE_MEMORY);
        }
    }

    private void compare(RandomGenerator random, FakeGuest guest, GuestMemory memory) {
        final BlkDevice device = new BlkDevice(
                new FakeVolume(DISK_BYTES, 512), "serial", random.nextInt(8) == 0, false, BlkLimits.DEFAULT);
        final BlkRequestParser knowing = new BlkRequestParser(device);
        knowing.useMemory(memory);
        learn(knowing, random, guest);
        final DescriptorChain chain = chain(random, guest);
        final BlkRequest byKnowing = begun();
        final BlkRequest byNew = begun();
        final BlkRequestParser unknowing = new BlkRequestParser(device);
        unknowing.useMemory(memory);
        final int expected = unknowing.parse(chain, byNew);
        assertThat(knowing.parse(chain, byKnowing)).isEqualTo(expected);
        assertThat(byKnowing.kind()).isEqualTo(byNew.kind());
        assertThat(byKnowing.byteCount()).isEqualTo(byNew.byteCount());
        assertThat(byKnowing.writtenLength(VIRTIO_BLK_S_OK)).isEqualTo(byNew.writtenLength(VIRTIO_BLK_S_OK));
        if (expected >= 0 || expected == BlkRequestParser.PREPARED) {
            assertThat(byKnowing.answerAddress()).isEqualTo(byNew.answerAddress());
        }
        if (expected == BlkRequestParser.PREPARED) {
            shortCuts++;
            assertThat(byKnowing.operation()).isEqualTo(byNew.operation());
            assertThat(byKnowing.offset()).isEqualTo(byNew.offset());
            assertThat(byKnowing.length()).isEqualTo(byNew.length());
            assertSameData(byKnowing.data(), byNew.data());
            assertThat(byKnowing.prepareNext()).isEqualTo(byNew.prepareNext());
        }
    }

    private static void assertSameData(IoVector data, IoVector expected) {
        assertThat(data.count()).isEqualTo(expected.count());
        assertThat(data.byteCount()).isEqualTo(expected.byteCount());
        for (int entry = 0; entry < data.count(); entry++) {
            assertThat(data.region(entry)).isEqualTo(expected.region(entry));
            assertThat(data.offset(entry)).isEqualTo(expected.offset(entry));
            assertThat(data.length(entry)).isEqualTo(expected.length(entry));
        }
    }

    /// What an earlier request left behind must not show.
    private static BlkRequest begun() {
        final BlkRequest request = new BlkRequest((done, status) -> {}, BlkLimits.DEFAULT);
        request.addRange(0, 512, true);
        request.prepareRanges(BlockOperation.DISCARD);
        request.followWithFlush();
        request.begin(1, 0);
        return request;
    }

    private static void learn(BlkRequestParser parser, RandomGenerator random, FakeGuest guest) {
        final long header =
                random.nextBoolean() ? guest.placeHeader(VIRTIO_BLK_T_IN, 0) : headerAt(guest, FakeGuest.SEAM);
        final DescriptorChain chain = new DescriptorChain(3);
        chain.addReadable(header, HEADER_LENGTH);
        chain.addWritable(header + HEADER_LENGTH, 512);
        chain.addWritable(header + 1024, 1);
        assertThat(parser.parse(chain, begun())).isEqualTo(BlkRequestParser.PREPARED);
    }

    private static long headerAt(FakeGuest guest, long address) {
        guest.setInt(address, VIRTIO_BLK_T_IN);
        guest.setLong(address + 8, 0);
        return address;
    }

    private static DescriptorChain chain(RandomGenerator random, FakeGuest guest) {
        final int type =
                random.nextInt(6) == 0 ? random.nextInt(16) : random.nextBoolean() ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT;
        final boolean read = type == VIRTIO_BLK_T_IN;
        final long sector = random.nextInt(6) == 0 ? random.nextLong() : random.nextInt(DISK_BYTES / 512);
        final DescriptorChain chain = new DescriptorChain(8);
        chain.addReadable(
                bent(random, guest.placeHeader(type, sector)),
                random.nextInt(8) == 0 ? random.nextInt(40) : HEADER_LENGTH);
        final int pieces = random.nextInt(4);
        for (int i = 0; i < pieces; i++) {
            final int length = random.nextInt(8) == 0 ? random.nextInt(2048) : 512 << random.nextInt(4);
            final long at = bent(random, FakeGuest.DATA + HEADERS * HEADER_LENGTH + random.nextInt(0x7000));
            if (read != (random.nextInt(12) == 0)) {
                chain.addWritable(at, length);
            } else {
                chain.addReadable(at, length);
            }
        }
        chain.addWritable(bent(random, guest.place(1)), random.nextInt(8) == 0 ? random.nextInt(600) : 1);
        return chain;
    }

    /// An address, now and then near the end of a region, in another one, or in none.
    private static long bent(RandomGenerator random, long address) {
        return switch (random.nextInt(24)) {
            case 0 -> FakeGuest.SEAM - random.nextInt(1024);
            case 1 -> FakeGuest.SEAM + random.nextInt(1024);
            case 2 -> FakeGuest.END - random.nextInt(600);
            case 3 -> FakeGuest.TOP + random.nextInt(1024);
            case 4 -> -random.nextInt(600);
            case 5 -> random.nextLong();
            default -> address;
        };
    }
}
