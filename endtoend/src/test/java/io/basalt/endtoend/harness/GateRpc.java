package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A JSON-RPC 2.0 client of the gate, written here so that the test does not share the gate's own idea of the
/// protocol. Each call is a connection of its own.
public final class GateRpc {
    private static final Duration BOUND = Duration.ofMinutes(3);

    private final Path socket;

    GateRpc(Path socket) {
        this.socket = socket;
    }

    /// Calls a method and returns its result.
    ///
    /// @throws AssertionError when the gate answers with an error
    /// @throws IOException when nobody listens or no answer comes
    public JsonNode call(String method, Map<String, ?> parameters) throws IOException {
        return call(method, parameters, BOUND);
    }

    /// The same, for what may take longer than most.
    JsonNode call(String method, Map<String, ?> parameters, Duration bound) throws IOException {
        final JsonNode answer = exchange(method, parameters, bound);
        if (!answer.has("result")) {
            throw new AssertionError(method + " " + parameters + " failed: " + answer);
        }
        return answer.get("result");
    }

    /// Sends a request and returns the whole answer, be it a result or an error.
    public JsonNode exchange(String method, Map<String, ?> parameters) throws IOException {
        return exchange(method, parameters, BOUND);
    }

    /// The same, for what may take longer than most.
    JsonNode exchange(String method, Map<String, ?> parameters, Duration bound) throws IOException {
        final ObjectNode request = JsonSocket.MAPPER.createObjectNode();
        request.put("jsonrpc", "2.0").put("id", 1).put("method", method);
        if (!parameters.isEmpty()) {
            request.set("params", JsonSocket.MAPPER.valueToTree(parameters));
        }
        try (JsonSocket connection = JsonSocket.connect(socket)) {
            connection.send(request);
            return connection.receive(bound);
        }
    }

    /// Makes a volume of a file.
    public void createFileVolume(String name, Path file) throws IOException {
        call("bdev_uring_create", Map.of("name", name, "filename", file.toString(), "block_size", 512));
    }

    /// Makes a controller that listens at the disk's socket, or connects to it when QEMU listens.
    public void createController(String name, String volume, GuestDisk disk, boolean readOnly) throws IOException {
        call(
                "vhost_create_blk_controller",
                Map.of(
                        "ctrlr",
                        name,
                        "dev_name",
                        volume,
                        "readonly",
                        readOnly,
                        "packed_ring",
                        disk.packed(),
                        "mode",
                        disk.qemuListens() ? "client" : "server",
                        "socket",
                        disk.socket().toString()));
    }

    /// Makes a volume that answers each request of another a while later.
    public void createDelayVolume(String name, String base, Duration delay) throws IOException {
        final long us = delay.toNanos() / 1000;
        call(
                "bdev_delay_create",
                Map.of(
                        "name",
                        name,
                        "base_bdev_name",
                        base,
                        "avg_read_latency",
                        us,
                        "p99_read_latency",
                        us,
                        "avg_write_latency",
                        us,
                        "p99_write_latency",
                        us));
    }

    /// Requests that the running queues of a controller took over from a gate that died.
    public int resubmitted(String controller) throws IOException {
        int sum = 0;
        final JsonNode sessions = call("vhost_get_controllers", Map.of("name", controller))
                .path(0)
                .path("sessions");
        for (final JsonNode session : sessions) {
            for (final JsonNode queue : session.path("queues")) {
                sum += queue.path("resubmitted").asInt(0);
            }
        }
        return sum;
    }

    /// Writes that a volume has completed since it was made or the gate was started.
    public long completedWrites(String volume) throws IOException {
        final JsonNode answer = call("bdev_get_iostat", Map.of("name", volume));
        return answer.path("bdevs").path(0).path("num_write_ops").asLong(0);
    }
}
