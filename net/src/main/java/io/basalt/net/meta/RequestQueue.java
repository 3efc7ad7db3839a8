package io.basalt.net.meta;

import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.MetaCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The requests of a [MetaClient] that wait to be sent, or sent again. A bounded number is under way; the
/// others wait in the order in which they came. One reactor.
final class RequestQueue {
    private static final int CALLS = 1024;

    private final Reactor reactor;
    private final MetaClientOptions options;
    private final Deque<ContentCall> idle = new ArrayDeque<>();
    private final Deque<MetaRequest<?>> waiting = new ArrayDeque<>();
    /// To be sent again, not before the next tick.
    private final List<MetaRequest<?>> later = new ArrayList<>();

    private int callsMade;
    private boolean closed;
    private @Nullable Connection connection;

    RequestQueue(Reactor reactor, MetaClientOptions options) {
        this.reactor = reactor;
        this.options = options;
    }

    /// Where requests go from now on; null: nowhere.
    void connection(@Nullable Connection newConnection) {
        connection = newConnection;
    }

    /// Queue a request and send what can be sent.
    void add(MetaRequest<?> request) {
        assert reactor.inLoop();
        if (closed) {
            reactor.post(() -> request.refused(MetaCode.UNAVAILABLE, "the client was closed"));
            return;
        }
        waiting.addLast(request);
        pump();
    }

    /// Send what can be sent.
    void pump() {
        final Connection open = connection;
        while (open != null && !waiting.isEmpty()) {
            final ContentCall call = takeCall();
            if (call == null) {
                return;
            }
            final MetaRequest<?> request = waiting.removeFirst();
            if (!request.wanted()) {
                idle.addFirst(call);
                reactor.post(() -> request.refused(MetaCode.UNAVAILABLE, "it is not wanted any more"));
                continue;
            }
            final long deadlineNs = Math.min(request.deadlineNs, reactor.nowNs() + options.attemptTimeoutNs());
            call.ask(
                    request.type,
                    request.content(),
                    deadlineNs,
                    (done, status, code) -> completed(request, done, status, code));
            if (!open.send(call)) {
                call.withdraw();
                idle.addFirst(call);
                waiting.addFirst(request);
                return;
            }
        }
    }

    /// Refuse those whose time is up; let those that were put off wait in line again. They come before the others,
    /// because they are older.
    void expire() {
        final List<MetaRequest<?>> all = new ArrayList<>(later);
        later.clear();
        all.addAll(waiting);
        waiting.clear();
        final List<MetaRequest<?>> expired = new ArrayList<>();
        for (final MetaRequest<?> request : all) {
            if (request.deadlineNs <= reactor.nowNs()) {
                expired.add(request);
            } else {
                waiting.addLast(request);
            }
        }
        expired.forEach(request -> request.refused(
                MetaCode.UNAVAILABLE, "the metaserver did not answer in time; check that it runs, then ask again"));
    }

    /// Take requests again after [#refuseAll].
    void reopen() {
        closed = false;
    }

    /// Refuse everything, now and until [#reopen()].
    void refuseAll(String reason) {
        closed = true;
        connection = null;
        final List<MetaRequest<?>> all = new ArrayList<>(later);
        later.clear();
        all.addAll(waiting);
        waiting.clear();
        all.forEach(request -> request.refused(MetaCode.UNAVAILABLE, reason));
    }

    private @Nullable ContentCall takeCall() {
        final ContentCall call = idle.pollFirst();
        if (call != null || callsMade == CALLS) {
            return call;
        }
        callsMade++;
        return new ContentCall();
    }

    private void completed(MetaRequest<?> request, ContentCall call, CallStatus status, int number) {
        final MetaCode code = status == CallStatus.ANSWERED ? MetaCode.of(number) : null;
        final boolean again =
                status != CallStatus.ANSWERED || code == MetaCode.UNAVAILABLE || code == MetaCode.NOT_LEADER;
        if (closed && again) {
            request.refused(MetaCode.UNAVAILABLE, "the client was closed");
        } else if (again) {
            later.add(request);
        } else if (code == null) {
            request.refused(MetaCode.UNSUPPORTED, "the metaserver answered with the unknown code " + number);
        } else {
            request.answered(code, call.answer());
        }
        idle.addFirst(call);
        pump();
    }
}
