package io.basalt.net.session;

import io.basalt.block.IoVector;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.Network.MemoryKind;
import io.basalt.net.session.MemoryRegistry.Registered;
import io.basalt.wire.Checksum;
import io.basalt.wire.FrameHeader;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/// The sending half of a ready connection: a bounded queue of what is to be sent, and the one batch of frames
/// that is being sent.
///
/// Frames are built when a batch begins, not when they are queued: so the time to live is what is left, what has
/// timed out meanwhile is not sent, and everything queued in one pass goes out with one send. Payload is not
/// copied here.
final class FrameWriter {
    /// Most frames of one batch.
    static final int FRAMES_MAX = 64;

    /// Bytes of memory for the heads of one batch.
    static final int MEMORY_BYTES = FRAMES_MAX * (FrameHeader.BYTES + FrameHeader.BODY_BYTES_MAX);

    private static final int PIECES_MAX = 512;
    private static final int CALL = 0;
    private static final int ANSWER = 1 << 16;
    private static final int HEARTBEAT = 2 << 16;
    private static final int WHAT_MASK = ~0xffff;
    private static final int PLACE_MASK = 0xffff;
    private static final long NS_PER_MICRO = 1000;

    private final Link link;
    private final CallTable calls;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final Checksum checksum = new Checksum();
    private final Pieces pieces = new Pieces(PIECES_MAX);

    /// What waits, as what and place; a ring.
    private final int[] queue;

    private int queueHead;
    private int queueTail;

    private final int[] batch = new int[FRAMES_MAX];
    private int batchCount;
    private int written;

    FrameWriter(Link link, LinkMemory memory, CallTable calls, int requestsMax) {
        this.link = link;
        this.calls = calls;
        this.memory = memory.send;
        this.view = memory.sendView;
        // A place is used again only after its entry has been passed over; and there is one sign of life.
        queue = new int[Integer.highestOneBit(calls.capacity() + requestsMax + 1) << 1];
    }

    void queueCall(int place) {
        push(CALL | place);
    }

    void queueAnswer(int place) {
        push(ANSWER | place);
    }

    /// Queue a sign of life, unless something else goes out anyway.
    void queueHeartbeat() {
        if (isIdle()) {
            push(HEARTBEAT);
        }
    }

    /// Whether nothing waits and nothing is being sent.
    boolean isIdle() {
        return batchCount == 0 && queueHead == queueTail;
    }

    /// Whether the stream is busy with a batch.
    boolean isSending() {
        return batchCount > 0;
    }

    /// Begin to send a batch of what waits, if none is being sent.
    void flush(long nowNs) {
        if (batchCount > 0) {
            return;
        }
        pieces.clear();
        written = 0;
        while (queueHead != queueTail && batchCount < FRAMES_MAX) {
            final int entry = queue[queueHead & queue.length - 1];
            if (pieces.room() <= payloadPieces(entry)) {
                break;
            }
            queueHead++;
            encode(entry, nowNs);
        }
        if (batchCount > 0) {
            link.send(pieces);
        }
    }

    /// A part of the batch, or all that was left of it, has gone.
    void sent(int length) {
        pieces.drop(length);
        if (pieces.byteCount() > 0) {
            link.send(pieces);
            return;
        }
        // What completes here may queue new frames, but no batch begins before this one is over.
        for (int i = 0; i < batchCount; i++) {
            frameSent(batch[i]);
        }
        batchCount = 0;
    }

    /// The connection is over: give back what answers use. Calls are the link's affair.
    void end() {
        for (int i = 0; i < batchCount; i++) {
            freeAnswer(batch[i]);
        }
        batchCount = 0;
        while (queueHead != queueTail) {
            freeAnswer(queue[queueHead++ & queue.length - 1]);
        }
    }

    private void freeAnswer(int entry) {
        if ((entry & WHAT_MASK) == ANSWER) {
            link.incoming(entry & PLACE_MASK).free();
        }
    }

    private void push(int entry) {
        assert queueTail - queueHead < queue.length : "the queue has room for everything that can wait";
        queue[queueTail++ & queue.length - 1] = entry;
    }

    private int payloadPieces(int entry) {
        final int place = entry & PLACE_MASK;
        return switch (entry & WHAT_MASK) {
            case CALL ->
                calls.state(place) == CallState.DROPPED || calls.copy(place) != BufferPool.NONE
                        ? 1
                        : calls.call(place).outgoing().count();
            case ANSWER -> link.incoming(place).answerPayload().count();
            default -> 0;
        };
    }

    private void encode(int entry, long nowNs) {
        final int place = entry & PLACE_MASK;
        switch (entry & WHAT_MASK) {
            case CALL -> encodeCall(place, nowNs);
            case ANSWER -> encodeAnswer(link.incoming(place), nowNs);
            default -> {
                FrameHeader.begin(memory, written, FrameHeader.KIND_HEARTBEAT);
                finishHead(0, nowNs);
                batch[batchCount++] = entry;
            }
        }
    }

    private void encodeCall(int place, long nowNs) {
        if (calls.state(place) == CallState.DROPPED) {
            link.releaseCall(place);
            return;
        }
        final Call call = calls.call(place);
        if (call.deadlineNs() <= nowNs) {
            link.complete(place, CallStatus.TIMED_OUT, 0);
            return;
        }
        final int at = written;
        final int bodyLength = call.bodyLength();
        FrameHeader.begin(memory, at, FrameHeader.KIND_REQUEST);
        FrameHeader.type(memory, at, call.type());
        FrameHeader.requestId(memory, at, calls.id(place));
        FrameHeader.timeToLive(memory, at, timeToLive(call.deadlineNs(), nowNs));
        MemorySegment.copy(call.body(), 0, memory, at + FrameHeader.BYTES, bodyLength);
        final int payloadLength = (int) call.outgoing().byteCount();
        if (payloadLength > 0) {
            FrameHeader.payloadLength(memory, at, payloadLength);
            FrameHeader.payloadCrc(memory, at, callChecksum(call, place));
        }
        finishHead(bodyLength, nowNs);
        if (calls.copy(place) != BufferPool.NONE) {
            pieces.add(link.network().poolMemory(), calls.copy(place), payloadLength);
        } else {
            addPayload(call.outgoing());
        }
        calls.sending(place);
        batch[batchCount++] = CALL | place;
    }

    private int callChecksum(Call call, int place) {
        if (calls.copy(place) != BufferPool.NONE) {
            FrameHeader.flags(memory, written, FrameHeader.FLAG_PAYLOAD_STABLE);
            return calls.checksum(place);
        }
        final Registered registered = registered(call.outgoing());
        if (registered.kind == MemoryKind.OWN) {
            FrameHeader.flags(memory, written, FrameHeader.FLAG_PAYLOAD_STABLE);
        }
        return call.outgoingChecksumKnown() ? call.outgoingChecksum() : checksum(call.outgoing(), registered);
    }

    private void encodeAnswer(IncomingRequest request, long nowNs) {
        final int at = written;
        final int bodyLength = request.answerBodyLength();
        final IoVector payload = request.answerPayload();
        FrameHeader.begin(memory, at, FrameHeader.KIND_ANSWER);
        FrameHeader.type(memory, at, request.type());
        FrameHeader.requestId(memory, at, request.id());
        FrameHeader.code(memory, at, request.code());
        FrameHeader.status(memory, at, request.status());
        MemorySegment.copy(request.answerBody(), 0, memory, at + FrameHeader.BYTES, bodyLength);
        if (payload.count() > 0) {
            FrameHeader.flags(memory, at, FrameHeader.FLAG_PAYLOAD_STABLE);
            FrameHeader.payloadLength(memory, at, (int) payload.byteCount());
            FrameHeader.payloadCrc(
                    memory,
                    at,
                    request.answerChecksumKnown() ? request.answerChecksum() : checksum(payload, registered(payload)));
        }
        finishHead(bodyLength, nowNs);
        addPayload(payload);
        request.sending();
        batch[batchCount++] = ANSWER | request.place;
    }

    /// What every frame has, last of all its CRC; the head becomes a piece to send.
    private void finishHead(int bodyLength, long nowNs) {
        final int at = written;
        final int length = FrameHeader.BYTES + bodyLength;
        FrameHeader.bodyLength(memory, at, bodyLength);
        FrameHeader.window(memory, at, link.window());
        FrameHeader.sent(memory, at, (int) (nowNs / NS_PER_MICRO));
        FrameHeader.headerCrc(
                memory, at, checksum.of(view, at + FrameHeader.CHECKED_FROM, length - FrameHeader.CHECKED_FROM));
        pieces.add(memory, at, length);
        written = at + length;
        link.network().counters().framesSent++;
    }

    private void addPayload(IoVector payload) {
        for (int i = 0; i < payload.count(); i++) {
            pieces.add(payload.segment(i), payload.offset(i), payload.length(i));
        }
    }

    private int checksum(IoVector payload, Registered registered) {
        checksum.reset();
        for (int i = 0; i < payload.count(); i++) {
            registered.update(checksum, payload.region(i), payload.offset(i), payload.length(i));
        }
        return checksum.value();
    }

    private Registered registered(IoVector payload) {
        return Objects.requireNonNull(
                link.network().registry().find(payload.table()), "payload of other memory is copied when it is queued");
    }

    private void frameSent(int entry) {
        final int place = entry & PLACE_MASK;
        switch (entry & WHAT_MASK) {
            case CALL -> link.callSent(place);
            case ANSWER -> link.incoming(place).free();
            default -> {}
        }
    }

    private static int timeToLive(long deadlineNs, long nowNs) {
        if (deadlineNs == Long.MAX_VALUE) {
            return 0;
        }
        final long micros = (deadlineNs - nowNs + NS_PER_MICRO - 1) / NS_PER_MICRO;
        return (int) Math.min(micros, 0xffff_ffffL);
    }
}
