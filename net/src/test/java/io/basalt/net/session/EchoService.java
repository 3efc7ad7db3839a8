package io.basalt.net.session;

import io.basalt.net.Incoming;
import io.basalt.net.Service;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// A service that answers by the type of a request.
final class EchoService implements Service {
    /// Answers at once with the request's body and payload; its code is the number in the body.
    static final int ECHO = 1;

    /// Keeps the request until [#answerHeld].
    static final int HOLD = 2;

    /// Answers that there is too much to do.
    static final int REFUSE = 3;

    /// Answers with as many bytes of payload as the body's number says, out of a buffer of the pool.
    static final int FILL = 4;

    /// A type whose payload may not be longer than a block.
    static final int SMALL = 5;

    final List<Integer> numbers = new ArrayList<>();
    final ArrayDeque<Incoming> held = new ArrayDeque<>();
    boolean remember = true;
    int requests;
    int answered;

    private final Incoming.AnswerListener counted = () -> answered++;

    @Override
    public int payloadBytesMax(int type) {
        return type == SMALL ? 4096 : Integer.MAX_VALUE;
    }

    @Override
    public int bodyBytesMax(int type) {
        return type == SMALL ? 8 : 192;
    }

    @Override
    public void request(Incoming request) {
        requests++;
        if (remember) {
            numbers.add(number(request));
        }
        switch (request.type()) {
            case HOLD -> held.add(request);
            case REFUSE -> request.refuse();
            case FILL -> fill(request);
            default -> echo(request);
        }
    }

    void answerHeld() {
        echo(held.remove());
    }

    void answerHeldLast() {
        echo(held.removeLast());
    }

    private void fill(Incoming request) {
        final int length = number(request);
        if (!request.takeAnswerBuffer(length)) {
            request.refuse();
            return;
        }
        final MemorySegment memory = request.payloadTable().segment(request.payloadRegion());
        memory.asSlice(request.payloadOffset(), length).fill((byte) length);
        request.answerPayload().reset(request.payloadTable());
        request.answerPayload().add(request.payloadRegion(), request.payloadOffset(), length);
        request.onAnswered(counted);
        request.answer(length & 0xffff, 0);
    }

    private void echo(Incoming request) {
        MemorySegment.copy(request.body(), 0, request.answerBody(), 0, request.bodyLength());
        if (request.payloadLength() > 0) {
            request.answerPayload().reset(request.payloadTable());
            request.answerPayload().add(request.payloadRegion(), request.payloadOffset(), request.payloadLength());
        }
        request.onAnswered(counted);
        request.answer(number(request) & 0xffff, request.bodyLength());
    }

    private static int number(Incoming request) {
        return request.bodyLength() < Integer.BYTES ? 0 : request.body().get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }
}
