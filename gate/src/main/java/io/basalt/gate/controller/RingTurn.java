package io.basalt.gate.controller;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Whose rings a controller runs: those of one session at a time, however many are connected.
///
/// ```
///            a ring starts
///   FREE ────────────────────▶ HELD ──the holder's last ring has stopped──▶ FREE, or HELD by who waits longest
///                               │ ▲
///                               └─┘ a ring of another session starts: that one waits
/// ```
/// So two front ends whose guest is the same, one that is about to go and one that is about to come,
/// never both have requests executed, whatever they do. Control reactor.
final class RingTurn {
    private final Deque<Waiter> waiting = new ArrayDeque<>();
    private @Nullable Waiter holder;

    /// A session that has rings to run.
    interface Waiter {
        /// It is its turn: start what waits.
        void go();
    }

    /// Ask for the turn.
    ///
    /// @return whether rings may start; otherwise [Waiter#go()] is called later, unless [#leave] is
    ///     called before
    boolean take(Waiter who) {
        if (holder == null) {
            holder = who;
        }
        if (holder.equals(who)) {
            return true;
        }
        if (!waiting.contains(who)) {
            waiting.add(who);
        }
        return false;
    }

    /// No ring of this session runs or waits any more.
    void leave(Waiter who) {
        waiting.remove(who);
        if (who.equals(holder)) {
            final Waiter next = waiting.poll();
            holder = next;
            if (next != null) {
                next.go();
            }
        }
    }
}
