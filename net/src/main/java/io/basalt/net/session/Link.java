package io.basalt.net.session;

import io.basalt.block.IoVector;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.Service;
import io.basalt.wire.FrameHeader;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What a connection has once its peer has proved who it is: calls, the peer's requests, and the frames that
/// carry them. Made at that moment, not before, and allocates nothing afterwards.
///
/// **Credits.** Each side says in each frame how many requests it is willing to have under way. A request uses one
/// credit from when it is queued until its answer is there, also after it has timed out: the peer may still be busy
/// with it, and answers in any case. A peer that sends more requests than it has credits is cut off.
///
/// **Payload of requests** goes into a buffer of the network's pool. If there is none, it is passed over and the
/// request answered as overloaded: a connection never stops reading, so answers and signs of life always get
/// through.
final class Link {
    /// More pieces than this are copied together before they are sent.
    private static final int ENTRIES_MAX = 256;

    private static final int NONE = -1;
    private static final long NS_PER_MICRO = 1000;
    private static final long MICROS_MASK = 0xffff_ffffL;

    private final Session session;
    private final StreamNetwork network;
    private final Service service;
    private final int peerPayloadMax;
    private final LinkMemory memory;
    private final CallTable calls;
    private final IncomingRequest[] requests;
    private final int[] freeRequests;
    private int freeRequestCount;
    private final FrameWriter writer;
    private final FrameReader reader;
    private final TransitClock transit = new TransitClock();
    private int peerWindow;

    /// The request whose payload is being received.
    private @Nullable IncomingRequest arriving;

    private boolean arrivingStable;

    /// Place of the call whose answer's payload is being received.
    private int answering = NONE;

    private int answeringCode;
    private boolean ended;

    Link(Session session, Service service, int peerWindow, int peerPayloadMax) {
        this.session = session;
        this.network = session.network();
        this.service = service;
        this.peerWindow = peerWindow;
        this.peerPayloadMax = peerPayloadMax;
        memory = network.linkMemory().take();
        calls = new CallTable(network.options().callsMax());
        final int requestsMax = network.options().requestsMax();
        requests = new IncomingRequest[requestsMax];
        freeRequests = new int[requestsMax];
        for (int place = requestsMax - 1; place >= 0; place--) {
            final long at = (long) place * IncomingRequest.MEMORY_BYTES;
            requests[place] = new IncomingRequest(this, place, memory.bodies.asSlice(at, IncomingRequest.MEMORY_BYTES));
            freeRequests[freeRequestCount++] = place;
        }
        writer = new FrameWriter(this, memory, calls, requestsMax);
        reader = new FrameReader(this, memory, network.options().directBytesMin());
    }

    Session session() {
        return session;
    }

    StreamNetwork network() {
        return network;
    }

    /// Requests that the peer may have under way here.
    int window() {
        return requests.length;
    }

    int inFlight() {
        return calls.inFlight();
    }

    boolean isReady() {
        return session.isReady();
    }

    IncomingRequest incoming(int place) {
        return requests[place];
    }

    // ---- sending ----

    boolean send(Call call) {
        if (calls.isFull() || calls.credits() >= peerWindow) {
            return false;
        }
        final IoVector outgoing = call.outgoing();
        long copy = BufferPool.NONE;
        int crc = 0;
        if (outgoing.count() > 0) {
            assert outgoing.byteCount() <= peerPayloadMax : "a payload is at most as long as the peer said";
            if (mustCopy(call)) {
                copy = PayloadCopy.gather(outgoing, network.pool(), network.poolMemory());
                if (copy == BufferPool.NONE) {
                    return false;
                }
                crc = network.poolChecksum(copy, (int) outgoing.byteCount());
            }
        }
        writer.queueCall(calls.add(call, copy, crc));
        session.wakeBy(call.deadlineNs());
        network.dirty(session);
        return true;
    }

    private boolean mustCopy(Call call) {
        final IoVector outgoing = call.outgoing();
        return call.outgoingCopied()
                || outgoing.count() > ENTRIES_MAX
                || network.registry().find(outgoing.table()) == null;
    }

    /// A request has been answered by its service, or for it.
    void answered(IncomingRequest request) {
        writer.queueAnswer(request.place);
        network.dirty(session);
    }

    void heartbeat() {
        writer.queueHeartbeat();
        network.dirty(session);
    }

    /// Begin to send what waits.
    void flush(long nowNs) {
        if (ended) {
            writer.end();
        } else {
            writer.flush(nowNs);
        }
    }

    boolean isSending() {
        return writer.isSending();
    }

    void send(Pieces pieces) {
        network.counters().sends++;
        session.stream().send(pieces);
    }

    void sent(int length) {
        writer.sent(length);
        if (!writer.isIdle()) {
            network.dirty(session);
        }
    }

    void callSent(int place) {
        giveCopy(place);
        if (calls.state(place) == CallState.ANSWERED) {
            final CallStatus status = calls.earlyStatus(place);
            final int code = calls.earlyCode(place);
            finish(place, status, code);
        } else {
            calls.sent(place);
        }
    }

    /// Empty the place of a call that was completed before it was sent.
    void releaseCall(int place) {
        giveCopy(place);
        calls.free(place);
    }

    // ---- receiving ----

    void receive() {
        reader.receive();
    }

    void receive(Pieces pieces) {
        network.counters().receives++;
        session.stream().receive(pieces);
    }

    void received(int length) {
        reader.received(length);
    }

    void violated(String rule) {
        network.counters().violations++;
        session.fail("the peer broke the protocol: " + rule);
    }

    /// A head with its body has come whose checksum is right.
    void frame(MemorySegment frame, int at) {
        network.counters().framesReceived++;
        peerWindow = FrameHeader.window(frame, at);
        // The clock itself: were it the start of a pass that has stood still since, the frame would seem to have come
        // early, and all after it late.
        final long nowNs = network.reactor().clock().nanoTime();
        final long lateNs = transit.lateNs(nowNs, FrameHeader.sent(frame, at));
        switch (FrameHeader.kind(frame, at)) {
            case FrameHeader.KIND_REQUEST -> request(frame, at, nowNs, lateNs);
            case FrameHeader.KIND_ANSWER -> answer(frame, at);
            default -> {}
        }
    }

    /// The payload of the frame before has come.
    ///
    /// @param lost its place is gone
    void payloadComplete(boolean intact, boolean lost) {
        final IncomingRequest request = arriving;
        if (request == null) {
            final int place = answering;
            answering = NONE;
            if (intact) {
                complete(place, lost ? CallStatus.MEMORY_LOST : CallStatus.ANSWERED, lost ? 0 : answeringCode);
            } else {
                violated("payload checksum of an answer is wrong");
            }
            return;
        }
        arriving = null;
        if (request.payload().count() == 0) {
            network.counters().requestsRefused++;
            request.finish(FrameHeader.STATUS_OVERLOADED);
        } else if (intact) {
            deliver(request);
        } else if (arrivingStable) {
            violated("payload checksum of a request is wrong");
        } else {
            network.counters().payloadsChanged++;
            request.finish(FrameHeader.STATUS_PAYLOAD_CHANGED);
        }
    }

    private void request(MemorySegment frame, int at, long nowNs, long lateNs) {
        final int type = FrameHeader.type(frame, at);
        final int length = FrameHeader.payloadLength(frame, at);
        if (FrameHeader.bodyLength(frame, at) > service.bodyBytesMax(type)) {
            violated("type of a request is unknown, or its body too long for it");
            return;
        }
        if (length > network.options().payloadBytesMax() || length > service.payloadBytesMax(type)) {
            violated("payload of a request is too long");
            return;
        }
        if (freeRequestCount == 0) {
            violated("more requests than credits");
            return;
        }
        final long liveMicros = FrameHeader.timeToLive(frame, at) & MICROS_MASK;
        final long deadlineNs = liveMicros == 0 ? Long.MAX_VALUE : nowNs + liveMicros * NS_PER_MICRO - lateNs;
        final IncomingRequest request = requests[freeRequests[--freeRequestCount]];
        final boolean room = request.begin(frame, at, deadlineNs);
        if (length == 0) {
            deliver(request);
            return;
        }
        arriving = request;
        arrivingStable = (FrameHeader.flags(frame, at) & FrameHeader.FLAG_PAYLOAD_STABLE) != 0;
        reader.expectPayload(length, FrameHeader.payloadCrc(frame, at), room ? request.payload() : null);
    }

    private void deliver(IncomingRequest request) {
        if (request.deadlineNs() <= network.reactor().nowNs()) {
            network.counters().requestsExpired++;
            request.finish(FrameHeader.STATUS_EXPIRED);
            return;
        }
        request.taken();
        service.request(request);
    }

    private void answer(MemorySegment frame, int at) {
        final int place = calls.find(FrameHeader.requestId(frame, at));
        if (place < 0) {
            violated("answer to no request");
            return;
        }
        final int length = FrameHeader.payloadLength(frame, at);
        final boolean abandoned = calls.state(place) == CallState.ABANDONED;
        if (!abandoned && !acceptAnswer(calls.call(place), frame, at)) {
            return;
        }
        if (length == 0) {
            complete(place, status(FrameHeader.status(frame, at)), FrameHeader.code(frame, at));
            return;
        }
        answering = place;
        answeringCode = FrameHeader.code(frame, at);
        if (!abandoned) {
            calls.receiving(place);
        }
        final IoVector to = abandoned ? null : calls.call(place).incoming();
        reader.expectPayload(length, FrameHeader.payloadCrc(frame, at), to);
    }

    private boolean acceptAnswer(Call call, MemorySegment frame, int at) {
        final int length = FrameHeader.payloadLength(frame, at);
        if (FrameHeader.type(frame, at) != call.type()) {
            violated("type of an answer is not its request's");
            return false;
        }
        if (length > call.incoming().byteCount()) {
            violated("payload of an answer is too long");
            return false;
        }
        final int bodyLength = FrameHeader.bodyLength(frame, at);
        MemorySegment.copy(frame, at + FrameHeader.BYTES, call.answerBody(), 0, bodyLength);
        call.answerBodyLength(bodyLength);
        call.answerPayloadLength(length);
        return true;
    }

    private static CallStatus status(int status) {
        return switch (status) {
            case FrameHeader.STATUS_ANSWERED -> CallStatus.ANSWERED;
            case FrameHeader.STATUS_PAYLOAD_CHANGED -> CallStatus.PAYLOAD_CHANGED;
            case FrameHeader.STATUS_OVERLOADED -> CallStatus.OVERLOADED;
            case FrameHeader.STATUS_EXPIRED -> CallStatus.TIMED_OUT;
            default -> throw new AssertionError("status " + status + " was checked before");
        };
    }

    // ---- ends of calls and requests ----

    /// A call is over, if the kernel has done with its memory; otherwise it will be then.
    void complete(int place, CallStatus status, int code) {
        if (calls.state(place) == CallState.SENDING) {
            calls.answeredEarly(place, status, code);
            return;
        }
        giveCopy(place);
        finish(place, status, code);
    }

    private void finish(int place, CallStatus status, int code) {
        final Call call = calls.free(place);
        if (call != null) {
            if (status == CallStatus.TIMED_OUT) {
                network.counters().callsTimedOut++;
            }
            call.completed(status, code);
        }
    }

    /// Complete the calls whose time is over.
    ///
    /// @return the earliest deadline of the others, `Long.MAX_VALUE` for none
    long expire(long nowNs) {
        long earliestNs = Long.MAX_VALUE;
        for (int place = 0; place < calls.capacity() && calls.inFlight() > 0; place++) {
            final CallState state = calls.state(place);
            if (state == CallState.FREE || state == CallState.DROPPED || state == CallState.ABANDONED) {
                continue;
            }
            final long deadlineNs = calls.call(place).deadlineNs();
            if (deadlineNs > nowNs) {
                earliestNs = Math.min(earliestNs, deadlineNs);
            } else if (state == CallState.QUEUED) {
                giveCopy(place);
                timedOut(calls.drop(place));
            } else if (state == CallState.SENT) {
                timedOut(calls.abandon(place));
            }
        }
        return earliestNs;
    }

    private void timedOut(Call call) {
        network.counters().callsTimedOut++;
        call.completed(CallStatus.TIMED_OUT, 0);
    }

    private void giveCopy(int place) {
        final long copy = calls.takeCopy(place);
        if (copy != BufferPool.NONE) {
            network.pool().give(copy);
        }
    }

    /// A place is free for the next request of the peer.
    void freed(IncomingRequest request) {
        freeRequests[freeRequestCount++] = request.place;
    }

    /// The stream touches nothing any more: complete every call, give back everything but what services still hold.
    void end() {
        ended = true;
        writer.end();
        arriving = null;
        answering = NONE;
        for (final IncomingRequest request : requests) {
            if (request.state() == IncomingState.ARRIVING) {
                request.free();
            }
        }
        for (int place = 0; place < calls.capacity(); place++) {
            giveCopy(place);
            final Call call = calls.take(place);
            if (call != null) {
                call.completed(CallStatus.DISCONNECTED, 0);
            }
        }
    }

    /// Give the memory back, once no service holds a request.
    ///
    /// @return false if one does
    boolean release() {
        assert ended;
        if (freeRequestCount < requests.length) {
            return false;
        }
        network.linkMemory().give(memory);
        return true;
    }
}
