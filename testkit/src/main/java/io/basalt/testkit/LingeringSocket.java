package io.basalt.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A TCP socket whose last close waits for a minute, or until its peer is gone: it lingers, and has more to send
/// than the peer reads. With it a test finds out who can be kept waiting by a descriptor that was sent to him.
public final class LingeringSocket implements AutoCloseable {
    private static final int LINGER_S = 60;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int LOCAL_ADDRESS = 1;
    private static final int REMOTE_ADDRESS = 2;
    private static final int INODE = 9;

    private final SocketChannel socket;
    private final SocketChannel peer;

    private LingeringSocket(SocketChannel socket, SocketChannel peer) {
        this.socket = socket;
        this.peer = peer;
    }

    /// A connected one, full.
    public static LingeringSocket open() throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.INET)) {
            listener.setOption(StandardSocketOptions.SO_RCVBUF, PIECE_BYTES);
            listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
            final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.INET);
            socket.connect(listener.getLocalAddress());
            final LingeringSocket made = new LingeringSocket(socket, listener.accept());
            made.fill();
            socket.setOption(StandardSocketOptions.SO_LINGER, LINGER_S);
            return made;
        }
    }

    private void fill() throws IOException {
        socket.configureBlocking(false);
        final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        while (socket.write(piece) > 0) {
            piece.clear();
        }
    }

    /// Its descriptor, which stays open until [#give()] or [#close()].
    public int fd() throws IOException {
        final String link = "socket:[" + inode() + "]";
        try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
            return Integer.parseInt(entries.filter(entry -> target(entry).equals(link))
                    .findFirst()
                    .orElseThrow(() -> new IOException("no descriptor of " + link))
                    .getFileName()
                    .toString());
        }
    }

    private static String target(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private String inode() throws IOException {
        final String local = ":%04X".formatted(((InetSocketAddress) socket.getLocalAddress()).getPort());
        final String remote = ":%04X".formatted(((InetSocketAddress) socket.getRemoteAddress()).getPort());
        for (final String line : Files.readAllLines(Path.of("/proc/net/tcp"))) {
            final List<String> columns = List.of(line.strip().split("\\s+"));
            if (columns.get(LOCAL_ADDRESS).endsWith(local)
                    && columns.get(REMOTE_ADDRESS).endsWith(remote)) {
                return columns.get(INODE);
            }
        }
        throw new IOException("the kernel does not list " + socket);
    }

    /// Gives the socket up: whoever else has it closes it last. If nobody has, this waits as described.
    public void give() throws IOException {
        socket.close();
    }

    /// Ends the peer, and with it all waiting.
    @Override
    public void close() throws IOException {
        peer.close();
        socket.close();
    }
}
