package io.basalt.net;

import io.basalt.block.IoVector;
import java.lang.foreign.MemorySegment;

/// One request to a peer, and its answer. Preallocated by the caller and used again; between [Connection#send] and
/// [#completed] it belongs to the connection.
///
/// ```
/// request:   type | body (0 to BODY_BYTES_MAX) | payload: sent from `outgoing`, where it lies
/// answer:    code | body (0 to BODY_BYTES_MAX) | payload: received into `incoming`, in place
/// ```
///
/// Allocates nothing after it was made. Belongs to one reactor.
public abstract class Call {
    /// Most bytes of a body; what is longer travels as payload.
    public static final int BODY_BYTES_MAX = 192;

    private final MemorySegment body;
    private final MemorySegment answerBody;
    private final IoVector outgoing;
    private final IoVector incoming;
    private int type;
    private int bodyLength;
    private int answerBodyLength;
    private long answerPayloadLength;
    private int outgoingChecksum;
    private boolean outgoingChecksumKnown;
    private boolean outgoingCopied;
    private long deadlineNs;

    /// @param bodies native memory of 2 * [#BODY_BYTES_MAX] bytes, aligned to 8: the caller's, outlives the call
    /// @param entriesMax most scatter-gather entries of a payload
    protected Call(MemorySegment bodies, int entriesMax) {
        body = bodies.asSlice(0, BODY_BYTES_MAX);
        answerBody = bodies.asSlice(BODY_BYTES_MAX, BODY_BYTES_MAX);
        outgoing = new IoVector(entriesMax);
        incoming = new IoVector(entriesMax);
    }

    /// Begin a new request: the body is to be filled in, the vectors are to be reset by the caller.
    ///
    /// @param newType what the peer's [Service] tells requests apart by, 0 to 255
    /// @param newBodyLength 0 to [#BODY_BYTES_MAX]
    /// @param newDeadlineNs instant of the reactor's clock after which the answer is of no use: the call then
    ///     completes with [CallStatus#TIMED_OUT], and the peer drops the request if it has not begun with it;
    ///     `Long.MAX_VALUE` for none
    protected final void begin(int newType, int newBodyLength, long newDeadlineNs) {
        assert newType >= 0 && newType <= 0xff;
        assert newBodyLength >= 0 && newBodyLength <= BODY_BYTES_MAX;
        type = newType;
        bodyLength = newBodyLength;
        deadlineNs = newDeadlineNs;
        answerBodyLength = 0;
        answerPayloadLength = 0;
        outgoingChecksumKnown = false;
        outgoingCopied = false;
    }

    /// Give the CRC32C of the outgoing payload where it is known already, as when a request is passed on;
    /// otherwise the connection computes it. After [#begin].
    public final void outgoingChecksum(int crc) {
        outgoingChecksum = crc;
        outgoingChecksumKnown = true;
    }

    /// Have the payload sent from a private copy that is made inside [Connection#send]: what a request that ended
    /// with [CallStatus#PAYLOAD_CHANGED] is repeated with. After [#begin].
    public final void copyOutgoing() {
        outgoingCopied = true;
    }

    /// Whether [#outgoingChecksum(int)] was given.
    public final boolean outgoingChecksumKnown() {
        return outgoingChecksumKnown;
    }

    /// What was given with [#outgoingChecksum(int)].
    public final int outgoingChecksum() {
        return outgoingChecksum;
    }

    /// Whether [#copyOutgoing()] was asked for.
    public final boolean outgoingCopied() {
        return outgoingCopied;
    }

    /// What is asked.
    public final int type() {
        return type;
    }

    /// Instant of the reactor's clock after which the answer is of no use.
    public final long deadlineNs() {
        return deadlineNs;
    }

    /// The request's body, of [#BODY_BYTES_MAX] bytes.
    public final MemorySegment body() {
        return body;
    }

    /// How many bytes of the body are sent.
    public final int bodyLength() {
        return bodyLength;
    }

    /// What is sent as payload; empty if nothing. Must not change while the call is under way; if a guest changes
    /// it all the same, the peer sees a wrong checksum and the call completes with [CallStatus#PAYLOAD_CHANGED].
    public final IoVector outgoing() {
        return outgoing;
    }

    /// Where the answer's payload goes; empty if none is expected. A longer payload is a protocol error; how long
    /// it was is in [#answerPayloadLength()]. While the call is under way the memory's content is undefined.
    public final IoVector incoming() {
        return incoming;
    }

    /// The answer's body, of [#BODY_BYTES_MAX] bytes; valid from within [#completed] until the call is used again.
    public final MemorySegment answerBody() {
        return answerBody;
    }

    /// How many bytes the answer's body has.
    public final int answerBodyLength() {
        return answerBodyLength;
    }

    /// How many bytes of payload the answer brought into [#incoming()], from its start.
    public final long answerPayloadLength() {
        return answerPayloadLength;
    }

    /// For connections: how many bytes were stored into [#incoming()].
    public final void answerPayloadLength(long length) {
        assert length >= 0 && length <= incoming.byteCount();
        answerPayloadLength = length;
    }

    /// For connections: how many bytes were stored into [#answerBody()].
    public final void answerBodyLength(int length) {
        assert length >= 0 && length <= BODY_BYTES_MAX;
        answerBodyLength = length;
    }

    /// The call is over: answered, or lost. Called exactly once, from a poll of the reactor, never from inside
    /// [Connection#send]. The vectors' memory is not touched any more. Must not throw: that would
    /// end the connection for everybody.
    ///
    /// @param status how it ended; the answer's own code is in `code`
    /// @param code what the peer's service answered, 0 to 65535; 0 unless status is [CallStatus#ANSWERED]
    public abstract void completed(CallStatus status, int code);
}
