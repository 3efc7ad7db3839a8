package io.basalt.meta.service;

import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.meta.ContentCall;
import io.basalt.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The requests that the metaserver sends down one connection: in order, a bounded number under way. One reactor.
final class Pushes {
    private static final int CALLS_MAX = 4;
    private static final long RETRY_NS = 5_000_000;

    private final Reactor reactor;
    private final Connection connection;
    private final long timeoutNs;
    private final Deque<Push> waiting = new ArrayDeque<>();
    private final Deque<ContentCall> idle = new ArrayDeque<>();
    private int callsMade;
    private boolean retrying;

    /// One request.
    ///
    /// @param body content, or the description of the piece in `payload`
    /// @param payload what the piece is cut from; null if there is none
    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    private record Push(
            int type, byte[] body, byte @Nullable [] payload, int offset, int length, ContentCall.Completion done) {}

    /// @param timeoutNs how long the peer may take to answer
    Pushes(Reactor reactor, Connection connection, long timeoutNs) {
        this.reactor = reactor;
        this.connection = connection;
        this.timeoutNs = timeoutNs;
    }

    /// Send a content.
    void send(int type, byte[] content, ContentCall.Completion done) {
        waiting.addLast(new Push(type, content, null, 0, 0, done));
        pump();
    }

    /// Send a piece of something longer.
    void sendPiece(int type, byte[] body, byte[] whole, int offset, int length, ContentCall.Completion done) {
        waiting.addLast(new Push(type, body, whole, offset, length, done));
        pump();
    }

    /// The connection has ended: what waits is not sent. Calls under way were completed before.
    void closed() {
        waiting.clear();
    }

    private void pump() {
        while (!waiting.isEmpty()) {
            ContentCall call = idle.pollFirst();
            if (call == null && callsMade < CALLS_MAX) {
                callsMade++;
                call = new ContentCall();
            }
            if (call == null) {
                return;
            }
            final Push push = waiting.getFirst();
            prepare(call, push);
            if (!connection.send(call)) {
                call.withdraw();
                idle.addFirst(call);
                retryLater();
                return;
            }
            waiting.removeFirst();
        }
    }

    private void prepare(ContentCall call, Push push) {
        final long deadlineNs = reactor.nowNs() + timeoutNs;
        final ContentCall.Completion done = (which, status, code) -> completed(push, which, status, code);
        if (push.payload == null) {
            call.ask(push.type, push.body, deadlineNs, done);
        } else {
            call.askWithPiece(push.type, push.body, push.payload, push.offset, push.length, deadlineNs, done);
        }
    }

    private void completed(Push push, ContentCall call, CallStatus status, int code) {
        push.done.completed(call, status, code);
        idle.addFirst(call);
        pump();
    }

    /// The peer's credits are used up: by then some have come back.
    private void retryLater() {
        if (retrying) {
            return;
        }
        retrying = true;
        reactor.schedule(RETRY_NS, () -> {
            retrying = false;
            pump();
        });
    }
}
