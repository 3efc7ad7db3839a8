package io.basalt.quorum;

import io.basalt.meta.LogEngine;
import io.basalt.meta.MetaOptions;
import io.basalt.meta.StoredState;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.NodeAddress;
import io.basalt.reactor.RandomSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A log that several metaservers keep.
///
/// A data folder with the log of a single metaserver becomes that of a quorum of one: its state is what the quorum's
/// log begins with, and its files are put aside under another name.
///
/// @param id of this replica
/// @param members those that begin the log together, by number
/// @param join whether this replica waits to be taken in
/// @param adjust changes the usual lengths, for tests
public record QuorumEngine(
        int id, SortedMap<Integer, NodeAddress> members, boolean join, UnaryOperator<QuorumOptions> adjust)
        implements LogEngine {
    private static final String PUT_ASIDE = "log-before-quorum";

    /// The usual lengths.
    public static QuorumEngine of(int id, SortedMap<Integer, NodeAddress> members, boolean join) {
        return new QuorumEngine(id, members, join, UnaryOperator.identity());
    }

    @Override
    public MetaLog open(MetaOptions server, Executor owner, RandomSource random) {
        final Path log = StoredState.logFolder(server.data());
        final @Nullable SnapshotFile beginning = SnapshotFile.hasLog(log) ? StoredState.snapshot(server.data()) : null;
        final QuorumOptions options = adjust.apply(QuorumOptions.of(
                        StoredState.quorumFolder(server.data()),
                        QuorumOptions.groupOf(server.key()),
                        id,
                        members,
                        join,
                        server.rest(),
                        server.nodes())
                .withNewestCommand(MetaOptions.newestCommand()));
        final MetaLog opened = QuorumLog.open(options, owner, random.nextLong(), beginning);
        if (beginning != null) {
            putAside(log, opened);
        }
        return opened;
    }

    /// The quorum's log holds the state now. Nobody must go on with the older one by mistake.
    private static void putAside(Path log, MetaLog opened) {
        try {
            Files.move(log, log.resolveSibling(PUT_ASIDE));
        } catch (IOException e) {
            opened.close();
            throw new MetaLogException(
                    "log folder " + log + ": cannot be renamed to " + PUT_ASIDE + ": " + e
                            + "; move it away by hand, then start the metaserver again",
                    e);
        }
    }

    @Override
    public boolean leadsAlone() {
        return false;
    }
}
