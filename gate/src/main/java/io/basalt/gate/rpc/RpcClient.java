package io.basalt.gate.rpc;

import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A client of a gate's RPC that waits for its answers: for the command line and for tests. One thread at a time.
public final class RpcClient implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int ANSWER_BYTES_MAX = 64 << 20;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    private static final int[] NO_FDS = {};

    private final Path path;
    private final UnixSocket socket;
    private final Duration timeout;
    private final JsonStream stream = new JsonStream(ANSWER_BYTES_MAX, Json.DEPTH_MAX);
    private final MemorySegment nativeChunk = Arena.ofAuto().allocate(CHUNK_BYTES);
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private int lastId;

    private RpcClient(Path path, UnixSocket socket, Duration timeout) {
        this.path = path;
        this.socket = socket;
        this.timeout = timeout;
    }

    /// Connect to a gate.
    ///
    /// @param timeout longest wait for one answer
    /// @throws RpcError if nobody listens there, or this user may not connect
    public static RpcClient connect(Path path, Duration timeout) {
        final int fd = UnixSocket.connect(path);
        if (fd < 0) {
            throw new RpcError(
                    fd,
                    "Cannot connect",
                    "socket",
                    path + ": " + Errno.describe(fd),
                    fd == -Errno.EACCES
                            ? "run as the user that the gate runs as, or as root"
                            : "is a gate running there? start one, or give its socket");
        }
        return new RpcClient(path, UnixSocket.adopt(fd), timeout);
    }

    /// Call a method and wait for its result.
    ///
    /// @param parameters null for none
    /// @throws RpcError the method's error, or why there is no answer
    public JsonNode call(String method, @Nullable JsonNode parameters) {
        final int id = ++lastId;
        final ObjectNode request = Json.object();
        request.put("jsonrpc", "2.0").put("id", id).put("method", method);
        if (parameters != null) {
            request.set("params", parameters);
        }
        final long deadlineNs = System.nanoTime() + timeout.toNanos();
        send(Json.bytes(request), deadlineNs);
        while (true) {
            final JsonNode answer = receive(deadlineNs);
            final JsonNode answered = answer.path("id");
            if (answered.isNull() || answered.intValue(0) == id) {
                if (answer.has("error")) {
                    throw RpcError.fromJson(answer.get("error"));
                }
                return answer.path("result");
            }
        }
    }

    private void send(byte[] bytes, long deadlineNs) {
        int sent = 0;
        while (sent < bytes.length) {
            final int length = Math.min(bytes.length - sent, CHUNK_BYTES);
            MemorySegment.copy(bytes, sent, nativeChunk, ValueLayout.JAVA_BYTE, 0, length);
            final int result = socket.send(nativeChunk, 0, length);
            if (result == -Errno.EAGAIN) {
                await(POLLOUT, deadlineNs);
            } else if (result < 0) {
                throw failed(result, "send: " + Errno.describe(result));
            } else {
                sent += result;
            }
        }
    }

    private JsonNode receive(long deadlineNs) {
        byte[] value = stream.next();
        while (value == null) {
            final String violation = stream.violation();
            if (violation != null) {
                throw failed(RpcError.PARSE_ERROR, "the answer cannot be read: " + violation);
            }
            final int length = socket.receive(nativeChunk, CHUNK_BYTES, NO_FDS);
            if (length == -Errno.EAGAIN) {
                await(POLLIN, deadlineNs);
            } else if (length == 0) {
                throw failed(-Errno.ECONNRESET, "the connection was closed before the answer");
            } else if (length < 0) {
                throw failed(length, "receive: " + Errno.describe(length));
            } else {
                MemorySegment.copy(nativeChunk, ValueLayout.JAVA_BYTE, 0, chunk, 0, length);
                stream.feed(chunk, 0, length);
            }
            value = stream.next();
        }
        try {
            return Json.parse(value);
        } catch (JacksonException e) {
            throw failed(RpcError.PARSE_ERROR, "the answer cannot be read: " + e.getOriginalMessage());
        }
    }

    private void await(int events, long deadlineNs) {
        final long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0) {
            throw failed(-Errno.ETIMEDOUT, "no answer within " + timeout.toMillis() + " ms");
        }
        final int result = socket.await(events, (int) Math.min(leftMs, Integer.MAX_VALUE));
        if (result < 0 && result != -Errno.EINTR) {
            throw failed(result, "poll: " + Errno.describe(result));
        }
    }

    private RpcError failed(int code, String reason) {
        return new RpcError(
                code, "No answer", "socket", path + ": " + reason, "look at the gate's log; is it still running?");
    }

    /// Hang up.
    @Override
    public void close() {
        socket.close();
    }
}
