package io.basalt.endtoend.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A connection to QEMU's machine protocol (QMP). Events are passed over.
public final class Qmp implements AutoCloseable {
    private static final Duration BOUND = Duration.ofMinutes(5);

    private final JsonSocket socket;

    private Qmp(JsonSocket socket) {
        this.socket = socket;
    }

    /// Connects as soon as QEMU listens and leaves capability negotiation.
    public static Qmp connect(Path path) throws IOException {
        final JsonSocket[] connected = new JsonSocket[1];
        Watch.until("QEMU's QMP socket takes connections", BOUND, () -> {
            try {
                connected[0] = JsonSocket.connect(path);
                return true;
            } catch (IOException notYet) {
                return false;
            }
        });
        final Qmp qmp = new Qmp(connected[0]);
        qmp.socket.receive(BOUND);
        qmp.execute("qmp_capabilities", Map.of());
        return qmp;
    }

    /// Runs a command and returns its result.
    ///
    /// @throws AssertionError when QEMU answers with an error
    public JsonNode execute(String command, Map<String, ?> arguments) {
        final ObjectNode message = JsonSocket.MAPPER.createObjectNode();
        message.put("execute", command);
        message.set("arguments", JsonSocket.MAPPER.valueToTree(arguments));
        try {
            socket.send(message);
            while (true) {
                final JsonNode answer = socket.receive(BOUND);
                if (answer.has("return")) {
                    return answer.get("return");
                }
                if (answer.has("error")) {
                    throw new AssertionError("QMP " + message + " failed: " + answer);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("QMP " + command, e);
        }
    }

    /// Migrates the machine and waits until the destination has it.
    ///
    /// @throws AssertionError when the migration fails or does not end in time
    public void migrate(String uri, Duration bound) {
        execute("migrate-set-parameters", Map.of("downtime-limit", 500, "max-bandwidth", 1L << 30));
        execute("migrate", Map.of("uri", uri));
        Watch.until(
                "migration to " + uri + " completes",
                bound,
                () -> {
                    final JsonNode state = execute("query-migrate", Map.of());
                    final String status = state.path("status").asString("none");
                    if (status.equals("failed") || status.equals("cancelled")) {
                        throw new AssertionError("migration " + status + ": " + state);
                    }
                    return status.equals("completed");
                },
                () -> execute("query-migrate", Map.of()).toString());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
