package io.basalt.net.meta;

import io.basalt.reactor.NanoClock;
import java.util.function.Consumer;

/// What a node's log says of the loss of the metaserver: once when it begins, then at most once a minute, and
/// once when it is over. The client tries ten times a second, and would say so each time. Control plane; one
/// owner reactor.
public final class ContactLog {
    static final long PAUSE_NS = 60_000_000_000L;

    private final NanoClock clock;
    private final Consumer<String> warning;
    private final Consumer<String> info;
    private boolean isLost;
    private long sinceNs;
    private long nextNs;
    private long attempts;

    /// @param warning says that there is no metaserver
    /// @param info says that there is one again
    public ContactLog(NanoClock clock, Consumer<String> warning, Consumer<String> info) {
        this.clock = clock;
        this.warning = warning;
        this.info = info;
    }

    /// A connection was lost, or could not be made: see [MetaListener#disconnected].
    ///
    /// @param reason for people
    public void lost(String reason) {
        final long nowNs = clock.nanoTime();
        attempts++;
        if (!isLost) {
            isLost = true;
            sinceNs = nowNs;
            attempts = 1;
            warning.accept("no metaserver can be reached, what is known stays in force: " + reason);
        } else if (nowNs - nextNs >= 0) {
            warning.accept("no metaserver can be reached for " + seconds(nowNs) + " s, in " + attempts
                    + " attempts; the last one: " + reason);
        } else {
            return;
        }
        nextNs = nowNs + PAUSE_NS;
    }

    /// The node is registered (again).
    public void back() {
        if (isLost) {
            isLost = false;
            info.accept("the metaserver is back after " + seconds(clock.nanoTime()) + " s");
        }
    }

    private long seconds(long nowNs) {
        return (nowNs - sinceNs) / 1_000_000_000L;
    }
}
