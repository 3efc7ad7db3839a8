package io.basalt.net.session;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.Connection;
import io.basalt.net.Incoming;
import io.basalt.net.Network.MemoryKind;
import io.basalt.net.session.MemoryRegistry.Registered;
import io.basalt.wire.FrameHeader;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One place for a request of a peer, used again and again.
final class IncomingRequest extends Incoming {
    /// Bytes of native memory that a place needs.
    static final int MEMORY_BYTES = 2 * Call.BODY_BYTES_MAX;

    private static final int ANSWER_ENTRIES_MAX = 64;
    private static final AnswerListener NOBODY = () -> {};

    final int place;

    private final Link link;
    private final BufferPool pool;
    private final MemorySegment body;
    private final MemorySegment answerBody;

    /// Where the reader puts the payload.
    private final IoVector payload = new IoVector(1);

    private final IoVector answerPayload = new IoVector(ANSWER_ENTRIES_MAX);
    private IncomingState state = IncomingState.FREE;
    private AnswerListener listener = NOBODY;
    private long id;
    private int type;
    private int bodyLength;
    private int payloadLength;
    private int payloadChecksum;
    private long deadlineNs;
    private long buffer = BufferPool.NONE;
    private boolean kept;
    private int status;
    private int code;
    private int answerBodyLength;
    private int answerChecksum;
    private boolean answerChecksumKnown;

    IncomingRequest(Link link, int place, MemorySegment memory) {
        this.link = link;
        this.place = place;
        pool = link.network().pool();
        body = memory.asSlice(0, Call.BODY_BYTES_MAX);
        answerBody = memory.asSlice(Call.BODY_BYTES_MAX, Call.BODY_BYTES_MAX);
    }

    /// Begin to take in a request whose header and body lie in memory.
    ///
    /// @return false if there is no memory for its payload, which is then to be passed over
    boolean begin(MemorySegment frame, long at, long requestDeadlineNs) {
        become(IncomingState.ARRIVING);
        id = FrameHeader.requestId(frame, at);
        type = FrameHeader.type(frame, at);
        bodyLength = FrameHeader.bodyLength(frame, at);
        payloadLength = FrameHeader.payloadLength(frame, at);
        payloadChecksum = FrameHeader.payloadCrc(frame, at);
        deadlineNs = requestDeadlineNs;
        listener = NOBODY;
        answerChecksumKnown = false;
        kept = false;
        answerPayload.reset(RegionTable.EMPTY);
        payload.reset(payloadTable());
        MemorySegment.copy(frame, at + FrameHeader.BYTES, body, 0, bodyLength);
        if (payloadLength == 0) {
            return true;
        }
        buffer = pool.take(payloadLength);
        if (buffer == BufferPool.NONE) {
            return false;
        }
        payload.add(0, buffer, payloadLength);
        return true;
    }

    /// The request is whole: it is the service's now.
    void taken() {
        become(IncomingState.TAKEN);
    }

    /// Where the payload goes.
    IoVector payload() {
        return payload;
    }

    IncomingState state() {
        return state;
    }

    long id() {
        return id;
    }

    int status() {
        return status;
    }

    int code() {
        return code;
    }

    int answerBodyLength() {
        return answerBodyLength;
    }

    boolean answerChecksumKnown() {
        return answerChecksumKnown;
    }

    int answerChecksum() {
        return answerChecksum;
    }

    @Override
    public int type() {
        return type;
    }

    @Override
    public MemorySegment body() {
        return body;
    }

    @Override
    public int bodyLength() {
        return bodyLength;
    }

    @Override
    public int payloadLength() {
        return payloadLength;
    }

    @Override
    public int payloadChecksum() {
        return payloadChecksum;
    }

    @Override
    public RegionTable payloadTable() {
        return link.network().payloadTable();
    }

    @Override
    public int payloadRegion() {
        return 0;
    }

    @Override
    public long payloadOffset() {
        return buffer;
    }

    @Override
    public long deadlineNs() {
        return deadlineNs;
    }

    @Override
    public Connection connection() {
        return link.session();
    }

    @Override
    public MemorySegment answerBody() {
        return answerBody;
    }

    @Override
    public long keepPayload() {
        assert state == IncomingState.TAKEN;
        assert buffer != BufferPool.NONE;
        kept = true;
        return buffer;
    }

    @Override
    public boolean takeAnswerBuffer(int length) {
        assert state == IncomingState.TAKEN;
        if (buffer != BufferPool.NONE && !kept && length <= pool.capacity(buffer)) {
            payloadLength = length;
            return true;
        }
        releaseBuffer();
        kept = false;
        buffer = pool.take(length);
        payloadLength = buffer == BufferPool.NONE ? 0 : length;
        return buffer != BufferPool.NONE;
    }

    @Override
    public IoVector answerPayload() {
        return answerPayload;
    }

    @Override
    public void answerChecksum(int crc) {
        answerChecksum = crc;
        answerChecksumKnown = true;
    }

    @Override
    public void onAnswered(AnswerListener newListener) {
        listener = newListener;
    }

    @Override
    public void answer(int newCode, int newBodyLength) {
        assert newCode >= 0 && newCode <= 0xffff;
        assert newBodyLength >= 0 && newBodyLength <= Call.BODY_BYTES_MAX;
        assert state == IncomingState.TAKEN : "a request is answered once";
        if (!privatePayload()) {
            finish(FrameHeader.STATUS_OVERLOADED);
            return;
        }
        code = newCode;
        answerBodyLength = newBodyLength;
        status = FrameHeader.STATUS_ANSWERED;
        queue();
    }

    @Override
    public void refuse() {
        assert state == IncomingState.TAKEN : "a request is answered once";
        finish(FrameHeader.STATUS_OVERLOADED);
    }

    /// Answer without the service's doing.
    void finish(int newStatus) {
        answerPayload.reset(RegionTable.EMPTY);
        code = 0;
        answerBodyLength = 0;
        status = newStatus;
        queue();
    }

    private void queue() {
        if (answerPayload.count() == 0) {
            releaseBuffer();
        }
        become(IncomingState.ANSWERED);
        link.answered(this);
    }

    void sending() {
        become(IncomingState.SENDING);
    }

    /// The answer has left, or never will: back to the start.
    void free() {
        releaseBuffer();
        become(IncomingState.FREE);
        final AnswerListener told = listener;
        listener = NOBODY;
        link.freed(this);
        told.answered();
    }

    /// Answers out of memory that others may take away are sent from a copy.
    ///
    /// @return false if there is no memory for one
    private boolean privatePayload() {
        if (answerPayload.count() == 0) {
            return true;
        }
        final Registered registered = link.network().registry().find(answerPayload.table());
        if (registered != null && registered.kind == MemoryKind.OWN) {
            return true;
        }
        final int length = (int) answerPayload.byteCount();
        final long copy = PayloadCopy.gather(answerPayload, pool, link.network().poolMemory());
        if (copy == BufferPool.NONE) {
            return false;
        }
        releaseBuffer();
        kept = false;
        buffer = copy;
        answerPayload.reset(payloadTable());
        answerPayload.add(0, copy, length);
        return true;
    }

    private void releaseBuffer() {
        if (buffer != BufferPool.NONE && !kept) {
            pool.give(buffer);
        }
        buffer = BufferPool.NONE;
    }

    private void become(IncomingState next) {
        assert state.canBecome(next) : state + " -> " + next;
        state = next;
    }

    /// What the place is doing; for messages of failed assertions.
    @Override
    public @Nullable String toString() {
        return "request " + Long.toHexString(id) + " " + state;
    }
}
