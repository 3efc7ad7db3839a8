package io.basalt.nbd;

import io.basalt.net.session.ByteStream;
import io.basalt.net.session.Pieces;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A stream whose two directions the test moves by hand, in pieces of whatever length.
final class HandStream implements ByteStream {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private @Nullable Handler handler;
    private @Nullable Pieces outgoing;
    private @Nullable Pieces incoming;
    private boolean closed;

    void handler(Handler newHandler) {
        handler = newHandler;
    }

    private Handler handler() {
        return Objects.requireNonNull(handler);
    }

    @Override
    public void send(Pieces pieces) {
        assert outgoing == null && !closed;
        assert pieces.byteCount() > 0;
        outgoing = pieces;
    }

    @Override
    public void receive(Pieces pieces) {
        assert incoming == null && !closed;
        assert pieces.byteCount() > 0;
        incoming = pieces;
    }

    @Override
    public void close() {
        assert !closed;
        closed = true;
    }

    @Override
    public String peerAddress() {
        return "the test";
    }

    boolean isClosed() {
        return closed;
    }

    boolean isSending() {
        return outgoing != null;
    }

    boolean isReceiving() {
        return incoming != null;
    }

    /// Whether the stream is closed and knows it.
    void finishClose() {
        assert closed;
        outgoing = null;
        incoming = null;
        handler().closed();
    }

    /// Let at most as many bytes of the send under way go.
    void letGo(int most) {
        final Pieces pieces = Objects.requireNonNull(outgoing);
        outgoing = null;
        int left = (int) Math.min(most, pieces.byteCount());
        final int length = left;
        for (int i = 0; i < pieces.count() && left > 0; i++) {
            final int piece = Math.min(left, pieces.length(i));
            out.writeBytes(pieces.segment(i).asSlice(pieces.offset(i), piece).toArray(ValueLayout.JAVA_BYTE));
            left -= piece;
        }
        handler().sent(length);
    }

    /// Have bytes come, as many as there is room for.
    ///
    /// @return how many
    int deliver(byte[] bytes, int from, int length) {
        final Pieces pieces = Objects.requireNonNull(incoming);
        incoming = null;
        int done = 0;
        for (int i = 0; i < pieces.count() && done < length; i++) {
            final int piece = Math.min(length - done, pieces.length(i));
            MemorySegment.copy(bytes, from + done, pieces.segment(i), ValueLayout.JAVA_BYTE, pieces.offset(i), piece);
            done += piece;
        }
        handler().received(done);
        return done;
    }

    /// What has been sent since the last call.
    byte[] taken() {
        final byte[] bytes = out.toByteArray();
        out.reset();
        return bytes;
    }
}
