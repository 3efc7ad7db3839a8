package io.basalt.quorum;

import io.basalt.meta.MetaOptions;
import io.basalt.meta.MetaServer;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/// A metaserver of a quorum in a process of its own.
final class ReplicaProgram {
    private ReplicaProgram() {}

    /// Runs until it is killed.
    ///
    /// @param words data folder, number, port of the nodes, port of the REST API, ports of all replicas in turn
    public static void main(String[] words) throws InterruptedException {
        final List<Integer> ports = List.of(words).subList(2, words.length).stream()
                .map(Integer::valueOf)
                .toList();
        final SortedMap<Integer, NodeAddress> members = new TreeMap<>();
        for (int id = 1; id <= ports.size() - 2; id++) {
            members.put(id, at(ports.get(id + 1)));
        }
        MetaServer.start(MetaOptions.of(Path.of(words[0]), new ClusterKey(new byte[ClusterKey.BYTES]))
                .withAddresses(at(ports.get(0)), at(ports.get(1)))
                .withEngine(QuorumEngine.of(Integer.parseInt(words[1]), members, false)));
        new CountDownLatch(1).await();
    }

    private static NodeAddress at(int port) {
        return new NodeAddress("127.0.0.1", port);
    }
}
