package io.basalt.nbd;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.RequestObserver;
import io.basalt.block.VolumeChannel;
import io.basalt.net.session.BufferPool;
import io.basalt.reactor.NanoClock;
import org.jspecify.annotations.Nullable;

/// What a connection has under way with its volume: commands, the pieces they are cut into, and what
/// becomes of them. Allocates nothing, but for a query of extents.
///
/// A read is cut into pieces of [TransmissionMemory#PIECE_BYTES_MAX], which are under way together and
/// answered each in a chunk of its own; without chunks one piece follows the other, and nothing else is
/// under way. A write's pieces begin as their content comes.
final class Execution {
    /// Requests that a connection may have under way.
    static final int COMMANDS_MAX = 256;

    private static final int PIECES_MAX = 512;

    private final Agreement agreement;
    private final ReplyStyle style;
    private final VolumeChannel channel;
    private final BufferPool pool;
    private final ReplyQueue replies;
    private final NanoClock clock;
    private final Listener listener;
    private final TransmissionCounters counters;
    private final Command[] freeCommands = new Command[COMMANDS_MAX];
    private final Piece[] freePieces = new Piece[PIECES_MAX];
    private final Command[] unflushed = new Command[COMMANDS_MAX];
    private int freeCommandCount = COMMANDS_MAX;
    private int freePieceCount = PIECES_MAX;
    private int unflushedCount;

    private RequestObserver observer = RequestObserver.NONE;

    /// Pieces that the volume has.
    private int inFlight;

    /// A command beside which no other is begun.
    private @Nullable Command alone;

    /// Where requests go at the moment: [VolumeChannel#shortcut()].
    private VolumeChannel path;

    /// What an execution tells its connection. Called from inside any method here, and from a poll of
    /// the volume.
    interface Listener {
        /// There is something to send, or something free again.
        void progress();

        /// Find out where the volume has content; then [Execution#answered].
        void ask(ExtentQuery query);

        /// A read has failed when part of its reply had gone.
        void unanswerable();
    }

    Execution(
            Agreement agreement,
            VolumeChannel channel,
            TransmissionMemory memory,
            BufferPool pool,
            ReplyQueue replies,
            NanoClock clock,
            TransmissionCounters counters,
            Listener listener) {
        assert ReplyQueue.CROWD + COMMANDS_MAX + PIECES_MAX <= ReplyQueue.CAPACITY;
        this.agreement = agreement;
        this.style = agreement.style();
        this.channel = channel;
        this.pool = pool;
        this.replies = replies;
        this.clock = clock;
        this.counters = counters;
        this.listener = listener;
        path = channel;
        for (int i = 0; i < COMMANDS_MAX; i++) {
            freeCommands[i] = new Command();
        }
        for (int i = 0; i < PIECES_MAX; i++) {
            freePieces[i] = new Piece(this, memory.table());
        }
    }

    /// Tell somebody how long requests take from now on.
    void observedBy(RequestObserver newObserver) {
        observer = newObserver;
    }

    /// Before requests are submitted, once a batch.
    void beginBatch() {
        path = channel.shortcut();
    }

    /// Whether the volume has nothing of this connection.
    boolean isQuiet() {
        return inFlight == 0;
    }

    /// Whether every command has been answered.
    boolean isIdle() {
        return freeCommandCount == COMMANDS_MAX;
    }

    /// Somebody waits for the end.
    void hurry() {
        if (inFlight > 0) {
            channel.hurry(true);
        }
    }

    // ---- commands

    /// A free command, or null if the client has as many under way as it may, or does not take its
    /// answers.
    @Nullable
    Command take() {
        if (freeCommandCount == 0 || alone != null || replies.isCrowded()) {
            return null;
        }
        return freeCommands[--freeCommandCount];
    }

    /// Give a command back that has been answered, or never is.
    void giveBack(Command command) {
        freeCommands[freeCommandCount++] = command;
    }

    /// Begin a command whose header has been read. A read or write that may be executed is not begun
    /// here: it is fed.
    ///
    /// @return whether it is to be fed: by [#feedRead], or by [#openWrite] and [#submit]
    boolean begin(Command command) {
        command.begin(clock.nanoTime());
        final int error = RequestCheck.error(command, agreement);
        if (error != NbdSpec.OK) {
            replies.failed(command, error);
            release(command, true);
            return false;
        }
        switch (command.type) {
            case NbdSpec.CMD_FLUSH -> range(command, BlockOperation.FLUSH, false);
            case NbdSpec.CMD_TRIM -> range(command, BlockOperation.DISCARD, true);
            case NbdSpec.CMD_WRITE_ZEROES ->
                range(command, BlockOperation.WRITE_ZEROES, !command.has(NbdSpec.CMD_FLAG_NO_HOLE));
            case NbdSpec.CMD_BLOCK_STATUS -> listener.ask(new ExtentQuery(command, agreement));
            case NbdSpec.CMD_CACHE -> {
                // No cache is between the connection and the volume.
                command.taken = command.length;
                finish(command);
            }
            default -> {
                return true;
            }
        }
        return false;
    }

    private void range(Command command, BlockOperation operation, boolean mayUnmap) {
        final Piece piece = takePiece();
        command.taken = command.length;
        command.outstanding++;
        piece.range(command, operation, command.offset, command.length, mayUnmap);
        submit(piece);
    }

    /// Each command without content has a piece: [#open] leaves as many.
    private Piece takePiece() {
        assert freePieceCount > 0;
        return freePieces[--freePieceCount];
    }

    /// Go on with a read, as far as there are buffers.
    ///
    /// @return whether all of it is under way
    boolean feedRead(Command command) {
        while (command.taken < command.length) {
            if (!style.chunked()) {
                if (command.outstanding > 0 || !isAlone(command)) {
                    return false;
                }
                if (command.error != NbdSpec.OK) {
                    release(command, true);
                    return true;
                }
            }
            final Piece piece = open(command, BlockOperation.READ);
            if (piece == null) {
                return false;
            }
            // The command may be done, and another's, when this returns.
            final boolean last = command.taken == command.length;
            submit(piece);
            if (last) {
                return true;
            }
        }
        return true;
    }

    /// Whether a read that is answered simply may go on: if it has several pieces, they have no headers
    /// of their own, and nobody else's answer may come between them.
    private boolean isAlone(Command command) {
        if (command.length > TransmissionMemory.PIECE_BYTES_MAX && freeCommandCount == COMMANDS_MAX - 1) {
            alone = command;
        }
        return command.length <= TransmissionMemory.PIECE_BYTES_MAX || command.equals(alone);
    }

    /// The next piece of a write, to be filled and submitted; null if there is no buffer.
    @Nullable
    Piece openWrite(Command command) {
        return open(command, BlockOperation.WRITE);
    }

    /// Pieces without a buffer are kept for commands without content: so there always is one.
    private @Nullable Piece open(Command command, BlockOperation operation) {
        if (freePieceCount <= COMMANDS_MAX || replies.isCrowded()) {
            return null;
        }
        final int length = (int) Math.min(TransmissionMemory.PIECE_BYTES_MAX, command.length - command.taken);
        final long buffer = pool.take(length);
        if (buffer == BufferPool.NONE) {
            return null;
        }
        final Piece piece = takePiece();
        piece.transfer(command, operation, command.offset + command.taken, length, buffer);
        command.taken += length;
        command.outstanding++;
        return piece;
    }

    /// The rest of a write will not come.
    ///
    /// @param piece that was being filled, or null. Its buffer may still be received into: nobody gets
    ///     it again
    void abandon(Command command, @Nullable Piece piece) {
        if (piece != null) {
            command.outstanding--;
            freePieces[freePieceCount++] = piece;
        }
        command.error = NbdSpec.ESHUTDOWN;
        command.length = command.taken;
        if (command.isDone()) {
            finish(command);
        }
    }

    void submit(Piece piece) {
        inFlight++;
        final BlockStatus status = path.submit(piece);
        if (status != BlockStatus.PENDING) {
            completed(piece, status);
        }
    }

    // ---- results

    /// The volume is done with a piece.
    void completed(Piece piece, BlockStatus status) {
        final Command command = piece.command();
        assert inFlight > 0;
        inFlight--;
        command.outstanding--;
        final int error = errorOf(status);
        if (error != NbdSpec.OK && command.error == NbdSpec.OK) {
            command.error = error;
        }
        switch (piece.operation()) {
            case READ -> answerRead(command, piece, error);
            case WRITE -> pool.give(piece.buffer);
            case DISCARD, WRITE_ZEROES -> {
                if (error == NbdSpec.OK && command.has(NbdSpec.CMD_FLAG_FUA)) {
                    command.flushing = true;
                    unflushed[unflushedCount++] = command;
                }
            }
            case FLUSH -> command.flushing = false;
        }
        freePieces[freePieceCount++] = piece;
        if (command.isDone()) {
            observe(command, piece);
            finish(command);
        }
        listener.progress();
    }

    /// The time of a command is explained by that of the piece that was done last.
    private void observe(Command command, Piece last) {
        final long tookNs = clock.nanoTime() - command.sinceNs;
        if (command.type == NbdSpec.CMD_READ) {
            observer.read(last, tookNs);
        } else if (command.type == NbdSpec.CMD_WRITE) {
            observer.wrote(last, tookNs);
        }
    }

    private void answerRead(Command command, Piece piece, int error) {
        final int length = (int) piece.length();
        if (error != NbdSpec.OK) {
            pool.give(piece.buffer);
        }
        if (style.chunked()) {
            final boolean last = command.isDone();
            if (error == NbdSpec.OK) {
                replies.chunk(command, last, piece.offset(), piece.buffer, length);
            } else {
                replies.failedAt(command, last, error, piece.offset());
            }
            return;
        }
        final boolean first = piece.offset() == command.offset;
        if (error == NbdSpec.OK) {
            replies.content(command, first, piece.buffer, length);
        } else if (first) {
            replies.failed(command, error);
        } else {
            listener.unanswerable();
        }
    }

    /// A command is done: answer it. A read has been, by its pieces.
    private void finish(Command command) {
        final boolean failed = command.error != NbdSpec.OK;
        if (command.type != NbdSpec.CMD_READ) {
            if (failed) {
                replies.failed(command, command.error);
            } else {
                replies.done(command);
            }
        }
        release(command, failed);
    }

    /// A command has been answered.
    private void release(Command command, boolean failed) {
        counters.answered(command.type, command.length, clock.nanoTime() - command.sinceNs, failed);
        if (command.equals(alone)) {
            alone = null;
        }
        giveBack(command);
        listener.progress();
    }

    /// A query has been run.
    ///
    /// @return false if there is no buffer for the answer: to be called again when there is
    boolean answered(ExtentQuery query) {
        final long buffer = pool.take(BufferPool.UNIT_BYTES);
        if (buffer == BufferPool.NONE) {
            return false;
        }
        final Command command = query.command();
        replies.extents(query, buffer);
        release(command, false);
        return true;
    }

    /// Make durable what was discarded or zeroed for good. Once a pass.
    void flush() {
        while (unflushedCount > 0) {
            final Command command = unflushed[--unflushedCount];
            final Piece piece = takePiece();
            command.outstanding++;
            piece.range(command, BlockOperation.FLUSH, 0, 0, false);
            submit(piece);
        }
    }

    private static int errorOf(BlockStatus status) {
        return switch (status) {
            case OK -> NbdSpec.OK;
            case IO_ERROR -> NbdSpec.EIO;
            case UNSUPPORTED, OUT_OF_RANGE -> NbdSpec.EINVAL;
            case READ_ONLY -> NbdSpec.EPERM;
            case NO_SPACE -> NbdSpec.ENOSPC;
            case PENDING -> throw new AssertionError("a request that has completed is not pending");
        };
    }
}
