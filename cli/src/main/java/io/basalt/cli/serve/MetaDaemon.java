package io.basalt.cli.serve;

import io.basalt.cli.config.Configuration;
import io.basalt.meta.MetaOptions;
import io.basalt.meta.MetaServer;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import java.nio.file.Path;
import java.util.Locale;

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
        final MetaServiceOptions usual = MetaServiceOptions.DEFAULT;
        final MetaServiceOptions service = usual.withFirstSet(
                usual.firstSet(),
                new RoutingRule(
                        settings.number("meta.pg_count", PGS),
                        settings.number("meta.copies", COPIES),
                        FailureDomain.valueOf(
                                settings.text("meta.failure_domain").toUpperCase(Locale.ROOT))),
                Math.min(settings.number("meta.min_copies", MIN_COPIES), settings.number("meta.copies", COPIES)),
                usual.firstOvercommitPercent());
        return new MetaDaemon(MetaServer.start(MetaOptions.of(data, ClusterKeys.readOrCreate(settings))
                .withAddresses(
                        Addresses.parse("meta.nodes_listen", settings.text("meta.nodes_listen")),
                        Addresses.parse("meta.listen", settings.text("meta.listen")))
                .withService(service)));
    }

    /// The server itself.
    public MetaServer server() {
        return server;
    }

    @Override
    public String ready() {
        return "metaserver ready: REST " + server.restUrl() + ", nodes " + server.nodeAddress() + ", token in "
                + server.tokenFile();
    }

    @Override
    public void close() {
        server.close();
    }
}
