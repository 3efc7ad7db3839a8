package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.session.ByteStream;
import io.basalt.net.session.Pieces;
import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The data path allocates nothing: from the bytes of a request to those of its reply.
class TransmissionAllocationTest {
    private static final int BLOCK = 4096;

    /// A stream that has the same requests again and again, and takes every answer.
    private static final class Loop implements ByteStream {
        private final MemorySegment requests;
        private @Nullable Pieces incoming;
        private @Nullable Pieces outgoing;
        private long at;
        long sent;

        Loop(byte[] bytes) {
            requests = Arena.ofAuto().allocate(bytes.length);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, requests, 0, bytes.length);
        }

        @Override
        public void send(Pieces pieces) {
            outgoing = pieces;
        }

        @Override
        public void receive(Pieces pieces) {
            incoming = pieces;
        }

        @Override
        public void close() {}

        @Override
        public String peerAddress() {
            return "the test";
        }

        void turn(Transmission transmission) {
            final Pieces into = incoming;
            if (into != null) {
                incoming = null;
                int done = 0;
                for (int i = 0; i < into.count() && at < requests.byteSize(); i++) {
                    final long piece = Math.min(into.length(i), requests.byteSize() - at);
                    MemorySegment.copy(requests, at, into.segment(i), into.offset(i), piece);
                    at += piece;
                    done += (int) piece;
                }
                if (at == requests.byteSize()) {
                    at = 0;
                }
                transmission.received(done);
            }
            transmission.flush();
            final Pieces from = outgoing;
            if (from != null) {
                outgoing = null;
                sent += from.byteCount();
                transmission.sent((int) from.byteCount());
            }
        }
    }

    private static final class Nobody implements Transmission.Owner {
        @Override
        public void ask(ExtentQuery query) {
            throw new AssertionError("nobody asks for extents");
        }

        @Override
        public void closed(String reason) {
            throw new AssertionError("nobody closes");
        }
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreServedWithoutAllocation(ReplyStyle style) {
        final HandVolume volume = new HandVolume(1 << 20, BLOCK);
        volume.immediate = true;
        final Export export = new Export("disk", "", volume, false);
        final Agreement agreement =
                new Agreement(export, volume.sizeBytes(), export.transmissionFlags(style), style, true);
        final Wire wire = new Wire();
        for (int i = 0; i < 8; i++) {
            wire.request(style, NbdSpec.CMD_READ, 0, i, 0, BLOCK);
            wire.request(style, NbdSpec.CMD_WRITE, NbdSpec.CMD_FLAG_FUA, i, 0, 2 * BLOCK)
                    .bytes(new byte[2 * BLOCK]);
            wire.request(style, NbdSpec.CMD_FLUSH, 0, i, 0, 0);
            wire.request(style, NbdSpec.CMD_WRITE_ZEROES, NbdSpec.CMD_FLAG_FUA, i, 0, BLOCK);
            wire.request(style, NbdSpec.CMD_TRIM, 0, i, 0, BLOCK);
            wire.request(style, NbdSpec.CMD_READ, 0, i, 1, BLOCK);
        }
        final Loop loop = new Loop(wire.toBytes());
        final MemorySegment memory = Arena.ofAuto().allocate(TransmissionMemory.BYTES, BLOCK);
        final Transmission transmission = new Transmission(
                agreement, volume, new TransmissionMemory(memory), () -> 0, new TransmissionCounters(), new Nobody());
        transmission.start(loop, MemorySegment.ofArray(new byte[0]));
        final long bytes = AllocationProbe.bytesAllocated(5000, 20_000, () -> loop.turn(transmission));
        assertThat(bytes).isZero();
        assertThat(loop.sent).isGreaterThan(25_000L * BLOCK);
    }
}
