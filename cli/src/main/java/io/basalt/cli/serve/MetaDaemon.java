package io.basalt.cli.serve;

import io.basalt.cli.config.Configuration;
import io.basalt.meta.MetaOptions;
import io.basalt.meta.MetaServer;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.net.NodeAddress;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.quorum.QuorumEngine;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/// The metaserver, by the settings.
public final class MetaDaemon implements Daemon {
    private static final int COPIES = 3;
    private static final int MIN_COPIES = 2;
    private static final int PGS = 256;

    private final MetaServer server;

    private MetaDaemon(MetaServer server) {
        this.server = server;
    }

    /// Start it; returns when it answers. With an empty folder it begins a cluster.
    public static MetaDaemon start(Configuration settings) {
        final Path data = settings.path("meta.data", "meta");
        final MetaServiceOptions usual = times(settings);
        final MetaServiceOptions service = usual.withFirstSet(
                usual.firstSet(),
                new RoutingRule(
                        settings.number("meta.pg_count", PGS),
                        settings.number("meta.copies", COPIES),
                        FailureDomain.valueOf(
                                settings.text("meta.failure_domain").toUpperCase(Locale.ROOT))),
                Math.min(settings.number("meta.min_copies", MIN_COPIES), settings.number("meta.copies", COPIES)),
                usual.firstOvercommitPercent());
        final MetaOptions options = MetaOptions.of(data, ClusterKeys.readOrCreate(settings))
                .withAddresses(
                        Addresses.parse("meta.nodes_listen", settings.text("meta.nodes_listen")),
                        Addresses.parse("meta.listen", settings.text("meta.listen")))
                .withService(service);
        final List<String> quorum = settings.texts("meta.quorum");
        return new MetaDaemon(
                MetaServer.start(quorum.isEmpty() ? options : options.withEngine(engine(settings, quorum))));
    }

    private static MetaServiceOptions times(Configuration settings) {
        final MetaServiceOptions usual = MetaServiceOptions.DEFAULT;
        final long timeoutNs = settings.timeNs("meta.timeout");
        final long suspectNs = settings.timeNs("meta.suspect");
        final long outAfterNs = settings.timeNs("meta.out_after");
        if (suspectNs > timeoutNs) {
            throw new IllegalArgumentException("meta.suspect: " + settings.text("meta.suspect")
                    + " is longer than meta.timeout, " + settings.text("meta.timeout")
                    + ": a node whose process has ended would be waited for longer than a silent one; make it shorter");
        }
        if (outAfterNs < timeoutNs) {
            throw new IllegalArgumentException("meta.out_after: " + settings.text("meta.out_after")
                    + " is shorter than meta.timeout, " + settings.text("meta.timeout")
                    + ": devices would be replaced before they count as down; make it longer, 10m is usual");
        }
        return usual.withTimes(usual.heartbeatNs(), timeoutNs, usual.layoutDelayNs())
                .withFailureTimes(suspectNs, outAfterNs);
    }

    private static QuorumEngine engine(Configuration settings, List<String> quorum) {
        final SortedMap<Integer, NodeAddress> members = new TreeMap<>();
        for (final String member : quorum) {
            final int at = member.indexOf('@');
            final int id = Integer.parseInt(member.substring(0, at));
            if (members.put(id, Addresses.parse("meta.quorum", member.substring(at + 1))) != null) {
                throw new IllegalArgumentException(
                        "meta.quorum: lists the number " + id + " twice; give each replica its own");
            }
        }
        if (settings.text("meta.id").isEmpty()) {
            throw new IllegalArgumentException(
                    "meta.id: is not set, but meta.quorum is; write this host's number, one of " + members.keySet());
        }
        return QuorumEngine.of(
                settings.number("meta.id", 0), members, Boolean.parseBoolean(settings.text("meta.join")));
    }

    /// The server itself.
    public MetaServer server() {
        return server;
    }

    @Override
    public String ready() {
        return "metaserver ready: REST " + server.restUrl() + ", nodes " + server.nodeAddress()
                + (server.replicated()
                        ? ", one of a quorum; the first token is with the replica that leads first"
                        : ", token in " + server.tokenFile());
    }

    @Override
    public void close() {
        server.close();
    }
}
