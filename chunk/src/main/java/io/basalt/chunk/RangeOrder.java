package io.basalt.chunk;

import io.basalt.placement.Mix64;
import org.jspecify.annotations.Nullable;

/// The order of requests that touch the same blocks: each waits until every earlier one that it conflicts with has
/// ended. Two reads do not conflict.
///
/// A change holds its blocks until every in-sync copy has it, so copies apply overlapping changes in one
/// order whatever the network does, and no read sees what could still be lost. Allocates nothing. One owner
/// reactor.
///
/// Requests stand in lists by a hash of their shard; lists are short, since few requests touch one shard at a time.
final class RangeOrder {
    private static final int LISTS = 1 << 10;

    private final @Nullable Turn[] first = new @Nullable Turn[LISTS];
    private final @Nullable Turn[] last = new @Nullable Turn[LISTS];

    /// Take a place at the end.
    ///
    /// @return whether the turn has come already; [Turn#granted] is called in any case, now or later
    boolean enter(Turn turn) {
        final int list = listOf(turn);
        turn.earlier = last[list];
        turn.later = null;
        turn.isGranted = false;
        turn.isInOrder = true;
        if (turn.earlier == null) {
            first[list] = turn;
        } else {
            turn.earlier.later = turn;
        }
        last[list] = turn;
        if (mustWait(turn)) {
            return false;
        }
        turn.isGranted = true;
        turn.granted();
        return true;
    }

    /// End: let those go on that waited for this one only. Also before the turn has come.
    void leave(Turn turn) {
        final int list = listOf(turn);
        final Turn earlier = turn.earlier;
        final Turn later = turn.later;
        if (earlier == null) {
            first[list] = later;
        } else {
            earlier.later = later;
        }
        if (later == null) {
            last[list] = earlier;
        } else {
            later.earlier = earlier;
        }
        turn.earlier = null;
        turn.later = null;
        turn.isInOrder = false;
        grantAfter(turn, later);
    }

    /// Granting may end a request at once and so change the list: start again after each.
    private void grantAfter(Turn left, @Nullable Turn from) {
        Turn next = from;
        while (next != null) {
            if (!next.isGranted && next.sharesBlockWith(left) && !mustWait(next)) {
                next.isGranted = true;
                next.granted();
                next = first[listOf(left)];
            } else {
                next = next.later;
            }
        }
    }

    private boolean mustWait(Turn turn) {
        Turn before = turn.earlier;
        while (before != null) {
            if (ReplicationRules.mustWait(turn.sharesBlockWith(before), turn.isChange || before.isChange)) {
                return true;
            }
            before = before.earlier;
        }
        return false;
    }

    private static int listOf(Turn turn) {
        return (int) Mix64.mix64(turn.partId, turn.shardIndex) & LISTS - 1;
    }
}
