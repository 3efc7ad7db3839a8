package io.basalt.linux.process;

import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// The service manager that has started this process and wants to hear of it (systemd:
/// `NOTIFY_SOCKET`).
public final class ServiceManager {
    /// The variable that names its socket.
    public static final String VARIABLE = "NOTIFY_SOCKET";

    private ServiceManager() {}

    /// Say that a process of the service is its main one from now on, and is ready. systemd believes
    /// that of other processes than the main one only with `NotifyAccess=all`.
    ///
    /// @param socket path of its socket; `@` stands for an abstract one
    /// @return 0 or `-errno`
    public static int mainProcess(String socket, int processId) {
        return send(socket, "MAINPID=" + processId + "\nREADY=1");
    }

    private static int send(String socket, String state) {
        final int fd = UnixSocket.connectDatagram(socket);
        if (fd < 0) {
            return fd;
        }
        try (UnixSocket sender = UnixSocket.adopt(fd);
                Arena arena = Arena.ofConfined()) {
            final byte[] bytes = state.getBytes(StandardCharsets.UTF_8);
            final MemorySegment message = arena.allocate(bytes.length);
            message.copyFrom(MemorySegment.ofArray(bytes));
            final int result = sender.send(message, 0, bytes.length);
            return Math.min(result, 0);
        }
    }
}
