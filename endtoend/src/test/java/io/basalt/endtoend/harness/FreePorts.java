package io.basalt.endtoend.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/// Ports of the loopback address that were free a moment ago.
public final class FreePorts {
    private FreePorts() {}

    /// Some ports: held all at once, so that they differ.
    public static List<Integer> take(int count) throws IOException {
        final List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (final ServerSocket socket : held) {
                socket.close();
            }
        }
    }
}
