package io.basalt.net;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import java.lang.foreign.MemorySegment;

/// One request of a peer. Preallocated by its connection, which owns it except between [Service#request] and
/// [#answer]. Belongs to the connection's reactor.
///
/// The payload lies in one piece of one region of [#payloadTable()], aligned to 4096 bytes, so that it can go to a
/// device as it is; its sender cannot change it any more.
public abstract class Incoming {
    /// What is asked, 0 to 255.
    public abstract int type();

    /// The request's body; as long as the sender made it, at most [Call#BODY_BYTES_MAX] bytes.
    public abstract MemorySegment body();

    /// How many bytes the body has.
    public abstract int bodyLength();

    /// Bytes of payload; 0 if there is none.
    public abstract int payloadLength();

    /// CRC32C of the payload, as the sender computed and this side checked it.
    public abstract int payloadChecksum();

    /// The region table that the payload lies in.
    public abstract RegionTable payloadTable();

    /// Region of the payload in [#payloadTable()].
    public abstract int payloadRegion();

    /// Offset of the payload in its region; a multiple of 4096.
    public abstract long payloadOffset();

    /// Instant of this reactor's clock after which the answer is of no use; `Long.MAX_VALUE` if there is none.
    public abstract long deadlineNs();

    /// The connection it came by; may be closed meanwhile, an answer then goes nowhere.
    public abstract Connection connection();

    /// Where the answer's body is to be written; of [Call#BODY_BYTES_MAX] bytes.
    public abstract MemorySegment answerBody();

    /// Take the payload's memory over from the request, for what goes on after the answer: passing it on to a
    /// peer that is slow, for example. Otherwise it is used again once the request is answered.
    ///
    /// @return [#payloadOffset()], to be given back with [Network#releasePayload]
    public abstract long keepPayload();

    /// Take a buffer for the answer's payload out of the connection's pool, in place of the request's payload if
    /// it has one (which is given back unless it was kept): [#payloadOffset()] and [#payloadLength()] are then
    /// the buffer's. Reset and fill [#answerPayload()] with it, or with other memory that stays as it is until
    /// [#onAnswered].
    ///
    /// @param length bytes, 1 to the pool's largest
    /// @return false if the pool is empty: [#refuse()] the request
    public abstract boolean takeAnswerBuffer(int length);

    /// The answer's payload; empty unless filled.
    public abstract IoVector answerPayload();

    /// Give the CRC32C of the answer's payload where it is known already; otherwise the connection computes it.
    public abstract void answerChecksum(int crc);

    /// What is called once the answer's payload has left (or the connection has gone) and its memory may be used
    /// again; none unless set. Reset with each request.
    public abstract void onAnswered(AnswerListener listener);

    /// Answer. Afterwards the request belongs to its connection again. Buffers of the pool are given back by it.
    ///
    /// @param code 0 to 65535, meaning is the service's; the caller's side gets it with [CallStatus#ANSWERED]
    /// @param bodyLength bytes of [#answerBody()] that are sent
    public abstract void answer(int code, int bodyLength);

    /// Answer that there is too much to do: nothing was executed, the caller may try again later.
    public abstract void refuse();

    /// See [Incoming#onAnswered].
    @FunctionalInterface
    public interface AnswerListener {
        /// The memory of the answer's payload may be used again.
        void answered();
    }
}
