package io.basalt.cli.fake;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A gate's management socket with volumes and controllers that are only remembered.
public final class FakeGate implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final ServerSocketChannel server;
    private final Path socket;
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, JsonNode> volumes = new TreeMap<>();
    private final Map<String, JsonNode> controllers = new TreeMap<>();
    private final Map<String, String> refusals = new TreeMap<>();

    /// Listen in a folder.
    public FakeGate(Path folder) {
        socket = folder.resolve("rpc.sock");
        try {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        Thread.ofPlatform().daemon().name("fake-gate").start(this::accept);
    }

    /// The management socket.
    public Path socket() {
        return socket;
    }

    /// Method and parameters of every call that changes something, in order.
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /// Refuse a method.
    ///
    /// @param error the JSON-RPC error, with `'` for `"`
    public void refuse(String method, String error) {
        refusals.put(method, error.replace('\'', '"'));
    }

    /// A guest connects to a controller.
    public void guestConnects(String controller) {
        ((ArrayNode) controllers.get(controller).path("sessions")).addObject().put("id", 1);
    }

    private void accept() {
        try {
            while (true) {
                try (SocketChannel client = server.accept()) {
                    serve(Channels.newInputStream(client), Channels.newOutputStream(client));
                }
            }
        } catch (IOException closed) {
            // The end of the test.
        }
    }

    private void serve(InputStream in, OutputStream out) throws IOException {
        try (MappingIterator<JsonNode> requests =
                MAPPER.readerFor(JsonNode.class).readValues(in)) {
            while (requests.hasNextValue()) {
                final JsonNode request = requests.nextValue();
                final ObjectNode answer = JsonNodeFactory.instance.objectNode();
                answer.put("jsonrpc", "2.0").set("id", request.path("id"));
                final String method = request.path("method").stringValue("");
                final String refusal = refusals.get(method);
                if (refusal == null) {
                    answer.set("result", call(method, request.path("params")));
                } else {
                    answer.set("error", MAPPER.readTree(refusal));
                }
                out.write(answer.toString().getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        }
    }

    private JsonNode call(String method, JsonNode parameters) {
        final JsonNodeFactory make = JsonNodeFactory.instance;
        if (!method.contains("_get_")) {
            calls.add(method + " " + parameters);
        }
        final String name =
                parameters.path("ctrlr").stringValue(parameters.path("name").stringValue(""));
        return switch (method) {
            case "bdev_get_bdevs" -> make.arrayNode().addAll(List.copyOf(volumes.values()));
            case "vhost_get_controllers" -> make.arrayNode().addAll(List.copyOf(controllers.values()));
            case "bdev_basalt_create" -> {
                volumes.put(name, make.objectNode().put("name", name));
                yield make.stringNode(name);
            }
            case "bdev_basalt_delete" -> make.booleanNode(volumes.remove(name) != null);
            case "vhost_create_blk_controller" -> {
                final ObjectNode made = make.objectNode().put("ctrlr", name).put("num_queues", 8);
                made.put("socket", "/run/basalt/vhost/" + name).putArray("sessions");
                controllers.put(name, made);
                yield make.booleanNode(true);
            }
            case "vhost_delete_controller" -> {
                controllers.remove(name);
                yield make.booleanNode(true);
            }
            default -> throw new IllegalArgumentException(method);
        };
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
