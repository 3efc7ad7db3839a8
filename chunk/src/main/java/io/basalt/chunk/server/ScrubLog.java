package io.basalt.chunk.server;

import io.basalt.chunk.ScrubListener;
import io.basalt.reactor.Reactor;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/// Tells the log of corrupt blocks: a line for each shard, and few lines a minute. Lives in the device's
/// reactor.
final class ScrubLog implements ScrubListener {
    private static final System.Logger LOG = System.getLogger(ScrubLog.class.getName());
    private static final long MINUTE_NS = 60_000_000_000L;
    private static final int LINES_PER_MINUTE = 20;

    private final Reactor reactor;
    private final Path device;
    private long minuteNs;
    private int lines;
    private long untold;

    ScrubLog(Reactor reactor, Path device) {
        this.reactor = reactor;
        this.device = device;
        minuteNs = reactor.nowNs();
    }

    @Override
    public void shard(long partId, int shardIndex, int repaired, int unreadable, int deferred) {
        if (reactor.nowNs() - minuteNs >= MINUTE_NS) {
            minuteNs = reactor.nowNs();
            lines = 0;
        }
        if (lines == LINES_PER_MINUTE) {
            untold++;
            return;
        }
        lines++;
        LOG.log(
                unreadable > 0 ? Level.ERROR : Level.WARNING,
                device + ": shard " + partId + "/" + shardIndex + ": corrupt blocks: " + repaired + " repaired, "
                        + unreadable + " that no copy has, " + deferred + " to be tried again"
                        + (untold > 0 ? " (" + untold + " shards before it not told)" : ""));
        untold = 0;
    }
}
