package io.basalt.meta;

import io.basalt.meta.log.local.LocalLogOptions;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.state.CommandCodec;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import io.basalt.net.tcp.TcpNetwork;
import java.nio.file.Path;

/// What a [MetaServer] is started with.
///
/// @param data folder of its own; made if there is none
/// @param key that nodes prove themselves with
/// @param name of this metaserver, for people, at most 64 characters
/// @param nodes where nodes are answered
/// @param rest where people and tools are answered
/// @param service what the cluster begins with, and its times
/// @param engine what keeps the log
/// @param software version, for people
public record MetaOptions(
        Path data,
        ClusterKey key,
        String name,
        NodeAddress nodes,
        NodeAddress rest,
        MetaServiceOptions service,
        LogEngine engine,
        String software) {
    /// Where people and tools are answered unless told otherwise.
    public static final int REST_PORT = 7700;
    /// Where nodes are answered unless told otherwise.
    public static final int NODE_PORT = 7701;

    private static final String LOOPBACK = "127.0.0.1";

    /// The usual ports on the loopback interface, and all defaults.
    public static MetaOptions of(Path data, ClusterKey key) {
        return new MetaOptions(
                data,
                key,
                "meta",
                new NodeAddress(LOOPBACK, NODE_PORT),
                new NodeAddress(LOOPBACK, REST_PORT),
                MetaServiceOptions.DEFAULT,
                new LocalEngine(LocalLogOptions.DEFAULT),
                "0.1.0");
    }

    /// Newest version of commands that this process understands, by the versions of the protocol that it speaks.
    public static int newestCommand() {
        return CommandCodec.newest(TcpNetwork.spoken());
    }

    /// The same at other addresses; port 0 lets the system choose.
    public MetaOptions withAddresses(NodeAddress newNodes, NodeAddress newRest) {
        return new MetaOptions(data, key, name, newNodes, newRest, service, engine, software);
    }

    /// The same with another beginning and other times.
    public MetaOptions withService(MetaServiceOptions newService) {
        return new MetaOptions(data, key, name, nodes, rest, newService, engine, software);
    }

    /// The same with another log.
    public MetaOptions withEngine(LogEngine newEngine) {
        return new MetaOptions(data, key, name, nodes, rest, service, newEngine, software);
    }
}
