package io.basalt.chunk.server;

import io.basalt.net.meta.MetaReply;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What became of a chunk server's wishes, in the log: when a device goes, hundreds of placement groups wish the same
/// in one moment, and that is one line.
///
/// A wish that is granted shows in a newer map; one that is not is uttered again: nothing else is to be done with the
/// answers. Belongs to the control reactor.
final class WishLog {
    private static final System.Logger LOG = System.getLogger(ChunkServer.class.getName());
    private static final long PAUSE_NS = 100_000_000;
    private static final int NAMED_MAX = 8;

    private final Reactor reactor;
    private final String name;
    private final Map<String, Set<Integer>> results = new TreeMap<>();

    WishLog(Reactor reactor, String name) {
        this.reactor = reactor;
        this.name = name;
    }

    /// Who is told of the result of a wish.
    MetaReply<PgChangeResult> wish(PgChange change) {
        return new MetaReply<>() {
            @Override
            public void done(PgChangeResult result) {
                ended(change, result.granted() ? "granted" : "refused, for there is a newer epoch");
            }

            @Override
            public void refused(MetaCode code, String reason) {
                ended(change, "refused, " + code + ": " + reason);
            }
        };
    }

    /// Who is told of the result of a wish to take earlier ones back.
    ///
    /// @param cannot run if the metaserver has left everything as it was: its release takes nothing back
    MetaReply<PgChangeResult> takeBack(PgChange change, Runnable cannot) {
        final MetaReply<PgChangeResult> told = wish(change);
        return new MetaReply<>() {
            @Override
            public void done(PgChangeResult result) {
                told.done(result);
                if (result.granted() && result.state().epoch() == change.epoch()) {
                    cannot.run();
                }
            }

            @Override
            public void refused(MetaCode code, String reason) {
                told.refused(code, reason);
            }
        };
    }

    private void ended(PgChange change, String how) {
        if (results.isEmpty()) {
            reactor.schedule(PAUSE_NS, this::say);
        }
        results.computeIfAbsent(change.kind() + " of device " + change.deviceId() + " " + how, key -> new TreeSet<>())
                .add(change.pg());
    }

    private void say() {
        results.forEach((what, pgs) -> LOG.log(Level.INFO, name + ": " + what + ": " + named(pgs)));
        results.clear();
    }

    private static String named(Set<Integer> pgs) {
        final String some =
                pgs.stream().limit(NAMED_MAX).map(pg -> Integer.toString(pg)).collect(Collectors.joining(", "));
        return (pgs.size() == 1 ? "placement group " : pgs.size() + " placement groups: ")
                + some
                + (pgs.size() > NAMED_MAX ? ", ..." : "");
    }
}
