package io.basalt.net.session;

import io.basalt.block.IoVector;
import io.basalt.block.MemoryFault;
import io.basalt.net.session.MemoryRegistry.Registered;
import io.basalt.wire.Checksum;
import io.basalt.wire.FrameHeader;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The receiving half of a ready connection: turns bytes into frames.
///
/// ```
///             ┌──── head incomplete ────┐
///             ▼                         │
///   one large receive ──▶ heads ──▶ payload: checksum in the receive buffer, copy to where it belongs
///             ▲                         │ much is missing, and its place may be received into
///             └── the rest, and the next frames behind it ◀── receive [place of the payload | receive buffer]
/// ```
///
/// Many small frames come with one receive, and a large payload is not copied but for what came together with its
/// head. Bytes are the peer's: everything is checked before it is believed, lengths before anything is done with
/// them.
final class FrameReader {
    private static final int PIECES_MAX = 512;

    private final Link link;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final int directBytesMin;
    private final Checksum checksum = new Checksum();
    private final Pieces pieces = new Pieces(PIECES_MAX);

    /// Received and not looked at.
    private int head;

    private int tail;

    /// Bytes of the receive under way that go to the payload's place directly.
    private int directLength;

    private int payloadLeft;
    private int payloadChecksum;

    /// Where the payload goes; null if it is passed over.
    private @Nullable IoVector target;

    /// Whether the target may be received into and read for its checksum in place.
    private @Nullable Registered targetMemory;

    private int targetEntry;
    private int targetOffset;
    private boolean targetLost;

    FrameReader(Link link, LinkMemory memory, int directBytesMin) {
        this.link = link;
        this.memory = memory.receive;
        this.view = memory.receiveView;
        this.directBytesMin = directBytesMin;
    }

    /// Begin the next receive.
    void receive() {
        if (head == tail) {
            head = 0;
            tail = 0;
        } else if (head > 0) {
            // Never more than an incomplete head.
            MemorySegment.copy(memory, head, memory, 0, tail - head);
            tail -= head;
            head = 0;
        }
        pieces.clear();
        directLength = 0;
        if (payloadLeft >= directBytesMin && targetMemory != null && !targetLost) {
            addTarget(targetThere());
        }
        if (directLength == 0 || directLength == payloadLeft) {
            pieces.add(memory, tail, (int) memory.byteSize() - tail);
        }
        link.receive(pieces);
    }

    /// Bytes have come: deliver what is complete, then receive on.
    void received(int length) {
        final int direct = Math.min(length, directLength);
        directLength = 0;
        if (direct > 0) {
            directReceived(direct);
        }
        tail += length - direct;
        if (payloadLeft == 0 && direct > 0) {
            payloadComplete();
        }
        while (link.isReady() && step()) {}
        if (link.isReady()) {
            receive();
        }
    }

    /// Receive the payload of the frame that has just been announced.
    ///
    /// @param newTarget where to, null to pass it over
    void expectPayload(int length, int crc, @Nullable IoVector newTarget) {
        payloadLeft = length;
        payloadChecksum = crc;
        target = newTarget;
        targetMemory = newTarget == null ? null : link.network().registry().find(newTarget.table());
        targetEntry = 0;
        targetOffset = 0;
        targetLost = false;
        checksum.reset();
    }

    /// Does one thing with what is in the receive buffer.
    ///
    /// @return false if more must come first
    private boolean step() {
        if (payloadLeft > 0) {
            if (head == tail) {
                return false;
            }
            takePayload(Math.min(payloadLeft, tail - head));
            if (payloadLeft > 0) {
                return false;
            }
            payloadComplete();
            return true;
        }
        return frame();
    }

    private boolean frame() {
        if (tail - head < FrameHeader.BYTES) {
            return false;
        }
        final String violation = FrameHeader.violation(memory, head);
        if (violation != null) {
            link.violated(violation);
            return false;
        }
        final int length = FrameHeader.BYTES + FrameHeader.bodyLength(memory, head);
        if (tail - head < length) {
            return false;
        }
        final int crc = checksum.of(view, head + FrameHeader.CHECKED_FROM, length - FrameHeader.CHECKED_FROM);
        if (crc != FrameHeader.headerCrc(memory, head)) {
            link.violated("header checksum is wrong");
            return false;
        }
        final int at = head;
        head += length;
        link.frame(memory, at);
        return true;
    }

    private void payloadComplete() {
        final IoVector filled = target;
        target = null;
        targetMemory = null;
        final boolean intact = filled == null || checksum.value() == payloadChecksum;
        link.payloadComplete(intact, targetLost);
    }

    /// Take bytes out of the receive buffer: sum them up there, where they cannot change, then copy.
    private void takePayload(int length) {
        if (target != null) {
            checksum.update(view, head, length);
            if (!targetLost) {
                scatter(target, length);
            }
        }
        head += length;
        payloadLeft -= length;
    }

    private void scatter(IoVector to, int length) {
        try {
            int from = head;
            int left = length;
            while (left > 0) {
                final int piece = Math.min(left, to.length(targetEntry) - targetOffset);
                MemorySegment.copy(memory, from, to.segment(targetEntry), to.offset(targetEntry) + targetOffset, piece);
                advance(to, piece);
                from += piece;
                left -= piece;
            }
            if (targetMemory == null) {
                MemoryFault.surface();
            }
        } catch (InternalError gone) {
            if (targetMemory != null) {
                throw gone;
            }
            targetLost = true;
        }
    }

    /// As many pieces of the payload's place as fit into one receive.
    private void addTarget(IoVector to) {
        int left = payloadLeft;
        int entry = targetEntry;
        int offset = targetOffset;
        while (left > 0 && pieces.room() > 1) {
            final int piece = Math.min(left, to.length(entry) - offset);
            pieces.add(to.segment(entry), to.offset(entry) + offset, piece);
            directLength += piece;
            left -= piece;
            entry++;
            offset = 0;
        }
    }

    private void directReceived(int length) {
        final IoVector to = targetThere();
        final Registered registered = Objects.requireNonNull(targetMemory, "only registered memory is received into");
        int left = length;
        while (left > 0) {
            final int piece = Math.min(left, to.length(targetEntry) - targetOffset);
            registered.update(checksum, to.region(targetEntry), to.offset(targetEntry) + targetOffset, piece);
            advance(to, piece);
            left -= piece;
        }
        payloadLeft -= length;
    }

    private void advance(IoVector to, int length) {
        targetOffset += length;
        if (targetOffset == to.length(targetEntry)) {
            targetEntry++;
            targetOffset = 0;
        }
    }

    private IoVector targetThere() {
        return Objects.requireNonNull(target, "registered memory is the target's");
    }
}
