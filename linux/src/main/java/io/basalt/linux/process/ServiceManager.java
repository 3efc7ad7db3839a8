package io.basalt.linux.process;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/// The service manager that has started this process and wants to hear of it (systemd:
/// `NOTIFY_SOCKET`).
public final class ServiceManager {
    /// The variable that names its socket.
    public static final String VARIABLE = "NOTIFY_SOCKET";

    /// Behind the standard ones.
    private static final int FIRST_KEPT = 3;

    private ServiceManager() {}

    /// Say that a process of the service is its main one from now on, and is ready. systemd believes
    /// that of other processes than the main one only with `NotifyAccess=all`.
    ///
    /// @param socket path of its socket; `@` stands for an abstract one
    /// @return 0 or `-errno`
    public static int mainProcess(String socket, int processId) {
        return send(socket, "MAINPID=" + processId + "\nREADY=1");
    }

    /// Have it keep a descriptor over this process's death, for the service's next one (systemd:
    /// `FileDescriptorStoreMax=`). Of one open file it keeps one, under the first name, and keeps it when the
    /// other side hangs up.
    ///
    /// @param name letters, digits, dots and hyphens
    /// @param kept stays the caller's
    /// @return 0 or `-errno`
    public static int store(String socket, String name, int kept) {
        return send(socket, "FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, kept);
    }

    /// Have it close what it keeps under a name.
    ///
    /// @return 0 or `-errno`
    public static int forget(String socket, String name) {
        return send(socket, "FDSTOREREMOVE=1\nFDNAME=" + name);
    }

    /// What it has kept for this process, by name: `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`. Once:
    /// descriptors are given other numbers, which are the caller's and no child process inherits.
    ///
    /// @param environment of this process
    public static Map<String, Integer> kept(Map<String, String> environment, int processId) {
        final Map<String, Integer> kept = new TreeMap<>();
        if (!String.valueOf(processId).equals(environment.get("LISTEN_PID"))) {
            return kept;
        }
        final String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        final int count = Integer.parseInt(environment.getOrDefault("LISTEN_FDS", "0"));
        for (int i = 0; i < count; i++) {
            final int own = FileDescriptor.duplicate(FIRST_KEPT + i);
            FileDescriptor.close(FIRST_KEPT + i);
            if (own >= 0) {
                final Integer other = kept.put(i < names.length ? names[i] : "unknown", own);
                if (other != null) {
                    FileDescriptor.close(other);
                }
            }
        }
        return kept;
    }

    private static int send(String socket, String state, int... fds) {
        final int fd = UnixSocket.connectDatagram(socket);
        if (fd < 0) {
            return fd;
        }
        try (UnixSocket sender = UnixSocket.adopt(fd);
                Arena arena = Arena.ofConfined()) {
            final byte[] bytes = state.getBytes(StandardCharsets.UTF_8);
            final MemorySegment message = arena.allocate(bytes.length);
            message.copyFrom(MemorySegment.ofArray(bytes));
            final int result = sender.send(message, 0, bytes.length, fds, fds.length);
            return Math.min(result, 0);
        }
    }
}
