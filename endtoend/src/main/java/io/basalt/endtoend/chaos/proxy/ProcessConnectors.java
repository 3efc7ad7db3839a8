package io.basalt.endtoend.chaos.proxy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Tells who connects by whose process has the socket: the port leads to a socket's number in `/proc/net/tcp`, and
/// that to an open file of a process. The kernel lists both without stopping what changes them, so a look may miss
/// what is there: who is not found is looked for again a few times.
public final class ProcessConnectors implements Connectors {
    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));
    private static final int LOCAL_COLUMN = 1;
    private static final int INODE_COLUMN = 9;
    private static final int HEX = 16;
    private static final int LOOKS = 10;
    private static final long BETWEEN_LOOKS_NS = 5_000_000;

    /// What a connection has that is over, and only waits for its port to be used again.
    private static final String NO_INODE = "0";

    private final Supplier<Map<String, Long>> processes;

    /// @param processes name of each party → number of its process now
    public ProcessConnectors(Supplier<Map<String, Long>> processes) {
        this.processes = processes;
    }

    @Override
    public String nameOf(InetSocketAddress remote) {
        String name = look(remote);
        for (int look = 1; name.isEmpty() && look < LOOKS; look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS_NS);
            name = look(remote);
        }
        return name;
    }

    private String look(InetSocketAddress remote) {
        final String socket = "socket:[" + inodeOf(remote.getPort()) + "]";
        for (final Map.Entry<String, Long> party : processes.get().entrySet()) {
            if (hasOpen(party.getValue(), socket)) {
                return party.getKey();
            }
        }
        return "";
    }

    private static String inodeOf(int port) {
        for (final Path table : TABLES) {
            final String inode = inodeIn(table, port);
            if (!inode.isEmpty()) {
                return inode;
            }
        }
        return "none";
    }

    private static String inodeIn(Path table, int port) {
        try {
            for (final String line : Files.readAllLines(table)) {
                final String[] columns = line.strip().split("\\s+", -1);
                final String local = columns[LOCAL_COLUMN];
                final int colon = local.lastIndexOf(':');
                if (colon > 0
                        && Integer.parseInt(local.substring(colon + 1), HEX) == port
                        && !columns[INODE_COLUMN].equals(NO_INODE)) {
                    return columns[INODE_COLUMN];
                }
            }
            return "";
        } catch (IOException missing) {
            // A kernel without IPv6 has one table less.
            return "";
        }
    }

    private static boolean hasOpen(long process, String socket) {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/" + process + "/fd"))) {
            for (final Path each : open) {
                if (isLinkTo(each, socket)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException ended) {
            return false;
        }
        return false;
    }

    private static boolean isLinkTo(Path file, String socket) {
        try {
            return Files.readSymbolicLink(file).toString().equals(socket);
        } catch (IOException closed) {
            return false;
        }
    }
}
