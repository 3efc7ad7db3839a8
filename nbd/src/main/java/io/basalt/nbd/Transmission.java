package io.basalt.nbd;

import io.basalt.block.RequestObserver;
import io.basalt.block.VolumeChannel;
import io.basalt.net.session.BufferPool;
import io.basalt.net.session.ByteStream;
import io.basalt.reactor.NanoClock;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The second phase of a connection: requests come, replies go, and a volume's channel does the work in
/// between.
///
/// ```
///   ByteStream ──▶ RequestReader ──▶ Execution ──▶ VolumeChannel
///       ▲                               │               │
///       └────────── ReplyQueue ◀────────┴───────────────┘ completed
/// ```
///
/// Concurrency: lives on one reactor, with its stream and channel. The reactor calls [#flush] once a
/// pass, which sends what has gathered. From the first request to the last nothing is allocated, but
/// for queries of extents.
///
/// **Order.** Requests are executed side by side and answered as they end. A flush is passed on to the
/// volume, whose channels are one behind another: it covers what any connection was told is done.
public final class Transmission implements ByteStream.Handler {
    /// Most bytes that may have come with the handshake.
    public static final int LEFTOVER_BYTES_MAX = TransmissionMemory.INBOX_BYTES;

    private final BufferPool pool =
            new BufferPool(TransmissionMemory.CONTENT_BYTES, TransmissionMemory.PIECE_BYTES_MAX);
    private final Owner owner;
    private final ReplyQueue replies;
    private final Execution execution;
    private final RequestReader reader;
    private final Progress progress = new Progress();
    private TransmissionState state = TransmissionState.SERVING;
    private @Nullable ByteStream stream;
    private boolean receiving;
    private boolean sending;
    private boolean streamClosed;

    /// Whether [#flush] has anything to do.
    private boolean stirred = true;

    /// Answers that found no buffer.
    private @Nullable ExtentQuery unanswered;

    private @Nullable String reason;

    /// Who made the connection.
    public interface Owner {
        /// Have [ExtentQuery#run] run where a disk may be waited for, then [#answered] called in the
        /// reactor.
        void ask(ExtentQuery query);

        /// Nothing touches the stream, the channel or the memory any more. Called from [#flush].
        ///
        /// @param reason for people
        void closed(String reason);
    }

    private final class Progress implements Execution.Listener {
        @Override
        public void progress() {
            stirred = true;
        }

        @Override
        public void ask(ExtentQuery query) {
            owner.ask(query);
        }

        @Override
        public void unanswerable() {
            end("a read has failed when part of it was sent");
        }
    }

    /// @param counters told what is done
    /// @param channel stays the caller's, and is used for requests in the memory's table
    public Transmission(
            Agreement agreement,
            VolumeChannel channel,
            TransmissionMemory memory,
            NanoClock clock,
            TransmissionCounters counters,
            Owner owner) {
        this.owner = owner;
        replies = new ReplyQueue(memory, pool, agreement.style());
        execution = new Execution(agreement, channel, memory, pool, replies, clock, counters, progress);
        reader = new RequestReader(execution, agreement, memory);
    }

    /// Tell somebody how long requests take from now on.
    public void observedBy(RequestObserver observer) {
        execution.observedBy(observer);
    }

    /// Begin.
    ///
    /// @param connected tells this object, and is at rest; closed by this object
    /// @param leftover what has come behind the handshake, at most [#LEFTOVER_BYTES_MAX] bytes
    public void start(ByteStream connected, MemorySegment leftover) {
        stream = connected;
        reader.accept(leftover);
        work();
    }

    /// Where the connection stands.
    public TransmissionState state() {
        return state;
    }

    /// Bytes of the buffers that nobody uses.
    long freeContentBytes() {
        return pool.freeBytes();
    }

    /// Take no more requests, and close when those that were taken are answered.
    public void drain() {
        if (state == TransmissionState.SERVING) {
            become(TransmissionState.DRAINING);
            reader.abandon();
            stirred = true;
        }
    }

    /// Close without waiting for anybody but the volume.
    public void abort(String why) {
        end(why);
    }

    /// Send what has gathered and go on with what has waited. Once a pass of the reactor.
    public void flush() {
        if (!stirred) {
            return;
        }
        stirred = false;
        execution.beginBatch();
        execution.flush();
        retryAnswer();
        if (reader.isStarved()) {
            work();
        }
        if (!sending && !replies.isEmpty() && isOpen()) {
            sending = true;
            stream().send(replies.gather());
        }
        settle();
    }

    private ByteStream stream() {
        return Objects.requireNonNull(stream, "a transmission is started before it is used");
    }

    private boolean isOpen() {
        return state == TransmissionState.SERVING || state == TransmissionState.DRAINING;
    }

    private void settle() {
        if (state == TransmissionState.DRAINING) {
            execution.hurry();
            if (execution.isIdle() && replies.isEmpty() && !sending) {
                end(reason == null ? "closed by the server" : reason);
            }
        }
        if (state == TransmissionState.CLOSING) {
            execution.hurry();
            if (streamClosed && execution.isQuiet()) {
                become(TransmissionState.CLOSED);
                owner.closed(reason == null ? "" : reason);
            }
        }
    }

    /// Work off what has come, and have more come.
    private void work() {
        execution.beginBatch();
        reader.advance(state == TransmissionState.SERVING);
        final String violation = reader.violation();
        if (violation != null) {
            end("the client breaks the protocol: " + violation);
        } else if (reader.hasEnded() && state == TransmissionState.SERVING) {
            reason = "the client has said goodbye";
            become(TransmissionState.DRAINING);
        }
        if (state == TransmissionState.SERVING && !receiving && !reader.isStarved()) {
            receiving = true;
            stream().receive(reader.room());
        }
        stirred = true;
    }

    private void become(TransmissionState next) {
        assert state.mayBecome(next) : state + " -> " + next;
        state = next;
    }

    private void end(String why) {
        if (isOpen()) {
            reason = why;
            become(TransmissionState.CLOSING);
            reader.abandon();
            stream().close();
            stirred = true;
        }
    }

    /// A query has been run.
    public void answered(ExtentQuery query) {
        if (!isOpen()) {
            return;
        }
        if (unanswered != null || !execution.answered(query)) {
            query.waitBeside(unanswered);
            unanswered = query;
        }
        stirred = true;
    }

    private void retryAnswer() {
        ExtentQuery query = unanswered;
        while (query != null && isOpen() && execution.answered(query)) {
            query = query.next();
        }
        unanswered = query;
    }

    // ---- what the stream tells

    @Override
    public void connected() {
        assert isOpen() : "a stream that is given to a transmission is connected";
    }

    @Override
    public void sent(int length) {
        sending = false;
        replies.sent(length);
        stirred = true;
    }

    @Override
    public void received(int length) {
        receiving = false;
        reader.received(length);
        work();
    }

    @Override
    public void failed(String why) {
        end(why);
    }

    @Override
    public void ended(String why) {
        end(why);
    }

    @Override
    public void closed() {
        streamClosed = true;
        stirred = true;
    }
}
