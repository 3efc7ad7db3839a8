package io.basalt.gate.rpc;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/// One client's side of the RPC without its socket: bytes in, bytes out. One owner: the control reactor.
///
/// Requests are taken one after another and answered as their methods complete, which may be in another order. When
/// the client does not read its answers, or too many calls wait, no further request is taken ([#congested()]) until
/// that changes; what it had sent stays in the stream's buffer, and the socket is not read.
public final class RpcConnection {
    /// Bytes waiting to be sent from which on no request is taken.
    public static final int OUTPUT_BYTES_MAX = 1 << 20;
    /// Calls waiting for their methods from which on no request is taken.
    public static final int CALLS_MAX = 64;
    /// Requests in one batch.
    public static final int BATCH_MAX = 256;

    private final RpcDispatcher dispatcher;
    private final Runnable changed;
    private final JsonStream stream = new JsonStream(Json.BYTES_MAX, Json.DEPTH_MAX);
    private final Deque<byte[]> output = new ArrayDeque<>();
    private long outputBytes;
    private int callsWaiting;
    private boolean processing;
    private boolean broken;

    /// @param changed run when a call has completed later: there may be something to send, or room for more
    /// requests
    public RpcConnection(RpcDispatcher dispatcher, Runnable changed) {
        this.dispatcher = dispatcher;
        this.changed = changed;
    }

    /// Take bytes from the client and run the requests that are whole. Not to be called while [#congested()].
    public void receive(byte[] bytes, int offset, int length) {
        stream.feed(bytes, offset, length);
        resume();
    }

    /// Run requests that have been received and not been run, as far as there is room for their answers.
    public void resume() {
        processing = true;
        byte[] next = congested() || broken ? null : stream.next();
        while (next != null) {
            take(next);
            next = congested() || broken ? null : stream.next();
        }
        final String violation = stream.violation();
        if (violation != null && !broken) {
            breakOff(violation);
        }
        processing = false;
    }

    /// Whether the client has to read or wait before more is taken from it.
    public boolean congested() {
        return outputBytes >= OUTPUT_BYTES_MAX || callsWaiting >= CALLS_MAX;
    }

    /// Whether the client has sent what cannot be read: send the output, then close.
    public boolean broken() {
        return broken;
    }

    /// Calls whose methods have not answered yet.
    public int callsWaiting() {
        return callsWaiting;
    }

    /// The oldest bytes to send, or null. They stay the oldest until [#sent()].
    public byte @Nullable [] output() {
        return output.peek();
    }

    /// The oldest bytes have been sent entirely.
    public void sent() {
        outputBytes -= output.remove().length;
    }

    private void take(byte[] bytes) {
        final JsonNode value;
        try {
            value = Json.parse(bytes);
        } catch (JacksonException e) {
            breakOff(String.valueOf(e.getOriginalMessage()));
            return;
        }
        if (value.isArray()) {
            takeBatch(value);
        } else {
            takeRequest(value, this::send);
        }
    }

    private void breakOff(String reason) {
        broken = true;
        send(answer(
                NullNode.getInstance(),
                new RpcResult(
                        null,
                        new RpcError(
                                RpcError.PARSE_ERROR,
                                "Parse error",
                                "",
                                reason,
                                "send one JSON object per request, or an array of them; the connection is closed"))));
    }

    private void takeBatch(JsonNode requests) {
        if (requests.isEmpty() || requests.size() > BATCH_MAX) {
            send(invalid("a batch must have 1 to " + BATCH_MAX + " requests, has " + requests.size()));
            return;
        }
        final Batch batch = new Batch(requests.size());
        for (final JsonNode request : requests) {
            takeRequest(request, batch);
        }
    }

    /// Where a request's answer goes; null if it was a notification.
    private interface Answers {
        void add(@Nullable ObjectNode answer);
    }

    /// Collects the answers of a batch and sends them as one array.
    private final class Batch implements Answers {
        private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
        private int outstanding;

        Batch(int requests) {
            outstanding = requests;
        }

        @Override
        public void add(@Nullable ObjectNode answer) {
            outstanding--;
            if (answer != null) {
                final byte[] bytes = Json.bytes(bounded(answer));
                answers.write(answers.size() == 0 ? '[' : ',');
                answers.write(bytes, 0, bytes.length);
            }
            if (outstanding == 0 && answers.size() > 0) {
                answers.write(']');
                send(answers.toByteArray());
            }
        }

        /// A few requests must not make an answer of any size.
        private ObjectNode bounded(ObjectNode answer) {
            if (answers.size() < OUTPUT_BYTES_MAX) {
                return answer;
            }
            return answer(
                    answer.path("id"),
                    new RpcResult(
                            null,
                            new RpcError(
                                    RpcError.INTERNAL_ERROR,
                                    "Batch too large",
                                    "",
                                    "the answers of this batch are longer than " + OUTPUT_BYTES_MAX + " bytes",
                                    "the call was made; ask for less at once")));
        }
    }

    private void takeRequest(JsonNode request, Answers answers) {
        final String violation = violation(request);
        if (violation != null) {
            answers.add(invalid(violation));
            return;
        }
        final JsonNode id = request.get("id");
        callsWaiting++;
        dispatcher.call(request.path("method").stringValue(), request.get("params"), result -> {
            callsWaiting--;
            answers.add(id == null ? null : answer(id, result));
        });
    }

    private static @Nullable String violation(JsonNode request) {
        if (!request.isObject()) {
            return "a request must be an object";
        }
        final JsonNode version = request.get("jsonrpc");
        if (version != null && !version.equals(Json.text("2.0"))) {
            return "member 'jsonrpc' must be \"2.0\"";
        }
        if (!request.path("method").isString()) {
            return "member 'method' must be a string";
        }
        final JsonNode id = request.get("id");
        if (id != null && !id.isString() && !id.isIntegralNumber() && !id.isNull()) {
            return "member 'id' must be a string, an integer or null";
        }
        return null;
    }

    private static ObjectNode invalid(String reason) {
        return answer(
                NullNode.getInstance(),
                new RpcResult(
                        null,
                        new RpcError(
                                RpcError.INVALID_REQUEST,
                                "Invalid request",
                                "",
                                reason,
                                "send {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": ..., \"params\": {...}}")));
    }

    private static ObjectNode answer(JsonNode id, RpcResult result) {
        final ObjectNode answer = Json.object();
        answer.put("jsonrpc", "2.0");
        answer.set("id", id);
        final RpcError error = result.error();
        if (error == null) {
            answer.set("result", result.value());
        } else {
            answer.set("error", error.toJson());
        }
        return answer;
    }

    private void send(@Nullable ObjectNode answer) {
        if (answer != null) {
            send(Json.bytes(answer));
        } else if (!processing) {
            changed.run();
        }
    }

    private void send(byte[] bytes) {
        final byte[] line = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, line, 0, bytes.length);
        line[bytes.length] = '\n';
        output.add(line);
        outputBytes += line.length;
        if (!processing) {
            changed.run();
        }
    }
}
