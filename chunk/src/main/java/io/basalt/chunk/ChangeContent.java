package io.basalt.chunk;

import io.basalt.net.Incoming;
import io.basalt.wire.data.DataMessage;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What a [Change] writes, piece by piece: the payload of the request as it lies in the network's memory,
/// nothing (a discard, zeroes), or whole blocks that are put together in a scratch buffer:
///
/// ```
///   payload  ─────────────────────────────────────────▶ store, copies     whole blocks
///   another copy's or own blocks ─▶ scratch ◀─ payload ─▶ store, copies     parts of blocks, and rebuilding
/// ```
///
/// Allocates nothing. One owner reactor.
final class ChangeContent {
    private final Scratch buffers;
    private int scratch = Scratch.NONE;
    private int type;
    private boolean isOverlaid;
    private @Nullable Incoming incoming;

    ChangeContent(Scratch buffers) {
        this.buffers = buffers;
    }

    /// Begin anew.
    ///
    /// @param newType WRITE, DISCARD or WRITE_ZEROES
    /// @param in the request whose payload it is; null for the cluster's own rewriting
    void begin(int newType, @Nullable Incoming in) {
        type = newType;
        incoming = in;
        isOverlaid = false;
    }

    /// Whether what the request says goes over what is gathered.
    void overlaid(boolean is) {
        isOverlaid = is;
    }

    /// Have a buffer to gather in, if there is one.
    boolean takeBuffer() {
        if (scratch == Scratch.NONE) {
            scratch = buffers.take();
        }
        return scratch != Scratch.NONE;
    }

    /// Give the buffer back and let the request go.
    void release() {
        if (scratch != Scratch.NONE) {
            buffers.give(scratch);
            scratch = Scratch.NONE;
        }
        incoming = null;
    }

    /// Have blocks read into the buffer by the own store.
    void gatherFrom(StoreStep step, int bytes) {
        step.data(buffers.table(), 0, buffers.offset(scratch), bytes);
    }

    /// Have blocks received into the buffer from another copy.
    void gatherFrom(ReplicaCall call, int bytes) {
        call.incoming().reset(buffers.table());
        call.incoming().add(0, buffers.offset(scratch), bytes);
    }

    /// Put what the request says over what was gathered.
    ///
    /// @param at where the request's range begins in the buffer
    /// @param bytes of the request's range
    void overlay(int at, int bytes) {
        final Incoming in = incoming;
        if (!isOverlaid || in == null) {
            return;
        }
        final long to = buffers.offset(scratch) + at;
        if (type == DataMessage.WRITE) {
            final MemorySegment from = in.payloadTable().segment(in.payloadRegion());
            MemorySegment.copy(from, in.payloadOffset(), buffers.memory(), to, bytes);
        } else {
            buffers.zero(to, bytes);
        }
    }

    /// What is done with a piece: what was gathered is written, unless it is all zeros: those take no space.
    int appliedType(int bytes) {
        if (scratch == Scratch.NONE) {
            return type;
        }
        return buffers.isZero(scratch, bytes) ? DataMessage.WRITE_ZEROES : DataMessage.WRITE;
    }

    /// Say to the own store where the content of a piece is.
    void giveTo(StoreStep step, int bytes) {
        final Incoming in = incoming;
        if (scratch != Scratch.NONE || in == null) {
            step.data(buffers.table(), 0, buffers.offset(scratch), bytes);
            return;
        }
        step.data(in.payloadTable(), in.payloadRegion(), in.payloadOffset(), bytes);
        if (bytes == DataMessage.BLOCK_BYTES) {
            step.blockChecksum(0, in.payloadChecksum());
            step.checksumsKnown(true);
        }
    }

    /// Send the content of a piece along with a message.
    void giveTo(ReplicaCall call, int bytes) {
        final Incoming in = incoming;
        if (scratch != Scratch.NONE || in == null) {
            call.outgoing().reset(buffers.table());
            call.outgoing().add(0, buffers.offset(scratch), bytes);
        } else {
            call.outgoing().reset(in.payloadTable());
            call.outgoing().add(in.payloadRegion(), in.payloadOffset(), bytes);
            call.outgoingChecksum(in.payloadChecksum());
        }
    }
}
