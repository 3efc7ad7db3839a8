package io.basalt.chunk;

import io.basalt.reactor.NanoClock;
import io.basalt.reactor.Reactor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether the reactors of a process's devices still move, as seen from the reactor that sends its
/// heartbeats.
///
/// A heartbeat has a thread of its own, so that it never waits behind data; for that reason it would go
/// on for ever though a device's thread hangs, and nobody would take that device's place. So before
/// each heartbeat it is looked whether every watched reactor has made a pass since it was last asked
/// to; one that has not for too long keeps the heartbeat back, and the node is silent like one whose
/// process is stopped.
///
/// ```
///              passes have risen: asked for another            nothing for the bound
///   moving ◀──────────────────────────────────────── moving ───────────────────────────▶ stuck
///      ▲                                                                                   │
///      └────────────────────────────── passes have risen ──────────────────────────────────┘
/// ```
/// What is shared is the reactors' own count of passes ([io.basalt.reactor.ReactorCounters]). One owner
/// reactor, which is not among the watched.
public final class Pulse {
    private final NanoClock clock;
    private final List<Reactor> watched;
    private final long boundNs;
    private final long[] passes;
    private final long[] movedNs;
    private long lookedNs;

    /// @param boundNs how long a reactor may make no pass
    public Pulse(NanoClock clock, List<Reactor> watched, long boundNs) {
        this.clock = clock;
        this.watched = List.copyOf(watched);
        this.boundNs = boundNs;
        passes = new long[watched.size()];
        movedNs = new long[watched.size()];
        lookedNs = clock.nanoTime();
        Arrays.fill(movedNs, lookedNs);
        Arrays.fill(passes, -1);
    }

    /// Look at all of them. To be called often: several times within the bound.
    ///
    /// @return one that is stuck, null if all move
    public @Nullable Reactor stuck() {
        final long nowNs = clock.nanoTime();
        final long stoodNs = nowNs - lookedNs;
        lookedNs = nowNs;
        @Nullable Reactor stuck = null;
        for (int index = 0; index < passes.length; index++) {
            final Reactor reactor = watched.get(index);
            final long made = reactor.counters().snapshot().passes();
            if (made != passes[index]) {
                passes[index] = made;
                movedNs[index] = nowNs;
                // One that has nothing to do sleeps: it is woken for a pass that can be seen next time.
                reactor.post(Pulse::nothing);
            } else if (stoodNs >= boundNs) {
                // The whole process stood still: they had no time to move either.
                movedNs[index] = nowNs;
            } else if (nowNs - movedNs[index] >= boundNs) {
                stuck = reactor;
            }
        }
        return stuck;
    }

    private static void nothing() {}
}
