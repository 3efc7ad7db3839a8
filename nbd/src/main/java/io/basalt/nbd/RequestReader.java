package io.basalt.nbd;

import io.basalt.net.session.Pieces;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The receiving half of a connection: turns bytes into commands.
///
/// ```
///             ┌──── header incomplete ────┐
///             ▼                           │
///   one large receive ──▶ headers ──▶ content of a write: copied from the inbox into its buffer
///             ▲                           │ much is missing
///             └─── the rest, and the next headers ◀── receive [place of the content | inbox]
/// ```
///
/// Many small requests come with one receive, and a large content is not copied but for what came
/// together with its header. Nothing is received while a command waits for a buffer: so a client is
/// held back by its own requests. Bytes are the client's: a length is checked before anything is done
/// with it.
final class RequestReader {
    /// Bytes missing of a piece from which on they are received where they belong.
    private static final int DIRECT_BYTES_MIN = 4096;

    private final Execution execution;
    private final ReplyStyle style;
    private final MemorySegment memory;
    private final Pieces pieces = new Pieces(2);

    /// Received and not looked at, in the connection's memory.
    private int head = TransmissionMemory.INBOX;

    private int tail = TransmissionMemory.INBOX;

    /// Bytes of the receive under way that go straight to the content's place.
    private int directLength;

    /// The read or write that is being fed; nothing else is begun before.
    private @Nullable Command current;

    /// The piece of a write that its content goes to, and how much has.
    private @Nullable Piece filling;

    private int filled;

    /// Bytes of a refused request's content that are passed over.
    private long skipped;

    private boolean starved;
    private boolean ended;
    private @Nullable String violation;

    RequestReader(Execution execution, Agreement agreement, TransmissionMemory memory) {
        this.execution = execution;
        this.style = agreement.style();
        this.memory = memory.segment;
    }

    /// Whether a command waits for something to become free, and nothing is received meanwhile.
    boolean isStarved() {
        return starved;
    }

    /// Whether the client has said that no request follows.
    boolean hasEnded() {
        return ended;
    }

    /// What the client did that ends the connection, or null.
    @Nullable
    String violation() {
        return violation;
    }

    /// Bytes that came with the handshake.
    void accept(MemorySegment bytes) {
        final int length = (int) bytes.byteSize();
        assert length <= TransmissionMemory.INBOX_BYTES;
        MemorySegment.copy(bytes, 0, memory, tail, length);
        tail += length;
    }

    // ---- receiving

    /// Where the next bytes go. After [#advance] has had enough, and nobody is starved.
    Pieces room() {
        if (head == tail) {
            head = TransmissionMemory.INBOX;
            tail = head;
        } else if (head > TransmissionMemory.INBOX) {
            // Never more than an incomplete header.
            MemorySegment.copy(memory, head, memory, TransmissionMemory.INBOX, tail - head);
            tail -= head - TransmissionMemory.INBOX;
            head = TransmissionMemory.INBOX;
        }
        pieces.clear();
        directLength = 0;
        final Piece piece = filling;
        final Command command = current;
        boolean complete = true;
        if (piece != null && command != null && piece.length() - filled >= DIRECT_BYTES_MIN) {
            directLength = (int) piece.length() - filled;
            pieces.add(memory, piece.buffer + filled, directLength);
            complete = command.taken == command.length;
        }
        if (complete) {
            pieces.add(memory, tail, TransmissionMemory.INBOX + TransmissionMemory.INBOX_BYTES - tail);
        }
        return pieces;
    }

    /// Bytes have come.
    void received(int length) {
        final int direct = Math.min(length, directLength);
        filled += direct;
        tail += length - direct;
    }

    // ---- working

    /// Work off what has come, as far as it goes.
    ///
    /// @param mayBegin whether requests are still begun; if not, only a read that has begun goes on
    void advance(boolean mayBegin) {
        starved = false;
        while (violation == null && !starved) {
            final Command command = current;
            if (command != null) {
                if (!feed(command)) {
                    return;
                }
            } else if (!mayBegin || ended || !next()) {
                return;
            }
        }
    }

    /// @return whether to go on with what comes next
    private boolean feed(Command command) {
        if (command.type != NbdSpec.CMD_READ) {
            return fill(command);
        }
        starved = !execution.feedRead(command);
        if (!starved) {
            current = null;
        }
        return !starved;
    }

    /// Give a write what has come of its content.
    private boolean fill(Command command) {
        final Piece piece = filling == null ? execution.openWrite(command) : filling;
        starved = piece == null;
        if (piece == null) {
            return false;
        }
        if (filling == null) {
            filling = piece;
            filled = 0;
        }
        final int length = Math.min(tail - head, (int) piece.length() - filled);
        MemorySegment.copy(memory, head, memory, piece.buffer + filled, length);
        head += length;
        filled += length;
        if (filled < piece.length()) {
            return false;
        }
        filling = null;
        if (command.taken == command.length) {
            current = null;
        }
        execution.submit(piece);
        return true;
    }

    private boolean next() {
        if (skipped > 0) {
            final int length = (int) Math.min(skipped, tail - head);
            head += length;
            skipped -= length;
            return skipped == 0;
        }
        if (tail - head < style.requestBytes()) {
            return false;
        }
        final Command command = execution.take();
        starved = command == null;
        if (command == null) {
            return false;
        }
        final boolean known = RequestFormat.read(memory, head, style, command);
        final long payload = known ? RequestCheck.payloadBytes(command, style) : 0;
        if (!known || payload < 0 || payload > Export.PAYLOAD_BYTES_MAX) {
            violation =
                    known ? "a request with a content of " + Long.toUnsignedString(payload) + " bytes" : "no request";
            execution.giveBack(command);
            return false;
        }
        head += style.requestBytes();
        if (command.type == NbdSpec.CMD_DISC) {
            ended = true;
            execution.giveBack(command);
            return false;
        }
        if (execution.begin(command)) {
            current = command;
        } else {
            skipped = payload;
        }
        return true;
    }

    /// No byte is looked at any more: a write whose content has not come is refused.
    void abandon() {
        final Command command = current;
        if (command == null || command.type != NbdSpec.CMD_WRITE) {
            return;
        }
        current = null;
        final Piece piece = filling;
        filling = null;
        execution.abandon(command, piece);
    }
}
