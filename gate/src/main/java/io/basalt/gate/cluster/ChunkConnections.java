package io.basalt.gate.cluster;

import io.basalt.net.Network;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The connections of one data reactor: one for each address of a chunk reactor, shared by all volumes,
/// kept as long as any map names the address. Control plane, except that requests use the links that are
/// there.
///
/// One owner reactor; [#status()] may be asked by any thread.
final class ChunkConnections {
    private final Network network;
    private final PieceRouter router;
    private final ClusterTimes times;
    private final Map<String, ChunkLink> byAddress = new HashMap<>();

    /// Replaced as a whole when a link comes or goes, for readers of other threads.
    private volatile List<ChunkLink> links = List.of();

    ChunkConnections(Network network, PieceRouter router, ClusterTimes times) {
        this.network = network;
        this.router = router;
        this.times = times;
    }

    /// The link to an address, made now if there is none yet; making does not connect.
    ChunkLink link(String address) {
        final ChunkLink known = byAddress.get(address);
        if (known != null) {
            return known;
        }
        final ChunkLink made = new ChunkLink(address, network, router, times);
        byAddress.put(address, made);
        links = List.copyOf(byAddress.values());
        return made;
    }

    /// All links.
    List<ChunkLink> links() {
        return links;
    }

    /// Close the links that no route uses any more. Nothing waits at them.
    void closeUnused(Iterable<SetRoute> routes) {
        final List<ChunkLink> unused = new ArrayList<>(links);
        for (final SetRoute route : routes) {
            unused.removeIf(route::uses);
        }
        for (final ChunkLink link : unused) {
            byAddress.remove(link.address());
            link.close();
        }
        if (!unused.isEmpty()) {
            links = List.copyOf(byAddress.values());
        }
    }

    /// Close all links. Nothing waits at them.
    void close() {
        links.forEach(ChunkLink::close);
        byAddress.clear();
        links = List.of();
    }

    /// How the links do.
    List<LinkStatus> status() {
        return links.stream().map(ChunkLink::status).toList();
    }
}
