package io.basalt.endtoend.harness;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A Unix socket that carries JSON objects one after the other, with nothing between them or with blanks:
/// JSON-RPC to the gate, QMP to QEMU. Every read has a bound.
final class JsonSocket implements AutoCloseable {
    static final JsonMapper MAPPER = new JsonMapper();

    private final SocketChannel channel;
    private final Selector selector;
    private ByteBuffer received = ByteBuffer.allocate(1 << 16);

    private JsonSocket(SocketChannel channel, Selector selector) {
        this.channel = channel;
        this.selector = selector;
    }

    /// Connects, or throws when nobody listens at the path.
    static JsonSocket connect(Path path) throws IOException {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.configureBlocking(false);
            final Selector selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new JsonSocket(channel, selector);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    void send(JsonNode message) throws IOException {
        final ByteBuffer bytes = ByteBuffer.wrap(MAPPER.writeValueAsBytes(message));
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    /// The next object.
    ///
    /// @throws IOException when the peer hangs up or stays silent beyond the bound
    JsonNode receive(Duration bound) throws IOException {
        final long end = System.nanoTime() + bound.toNanos();
        while (true) {
            final int length = completeObject();
            if (length > 0) {
                final String text = new String(received.array(), 0, length, StandardCharsets.UTF_8);
                received.flip().position(length);
                received.compact();
                return MAPPER.readTree(text);
            }
            final long leftMs = (end - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw new IOException("no answer within " + bound.toSeconds() + " s");
            }
            selector.select(leftMs);
            selector.selectedKeys().clear();
            if (!received.hasRemaining()) {
                received = ByteBuffer.allocate(received.capacity() * 2).put(received.flip());
            }
            if (channel.read(received) < 0) {
                throw new IOException("the peer hung up");
            }
        }
    }

    /// The length in bytes of the first complete object in what was received, 0 if there is none yet.
    private int completeObject() {
        int depth = 0;
        boolean inString = false;
        for (int i = 0; i < received.position(); i++) {
            final byte b = received.get(i);
            if (inString) {
                if (b == '\\') {
                    i++;
                } else if (b == '"') {
                    inString = false;
                }
            } else if (b == '"') {
                inString = true;
            } else if (b == '{') {
                depth++;
            } else if (b == '}' && --depth == 0) {
                return i + 1;
            }
        }
        return 0;
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
