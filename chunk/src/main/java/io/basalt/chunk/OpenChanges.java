package io.basalt.chunk;

import org.jspecify.annotations.Nullable;

/// The changes under way at the primary of one placement group. Those that have a version stand in the
/// order of their versions. A list through the changes themselves: allocates nothing. One owner reactor.
///
/// Whatever is done to one change may end it, and others with it: a walk goes on behind the one it was at
/// if nothing ended, else from the start.
final class OpenChanges {
    private @Nullable Change first;
    private @Nullable Change last;
    private long endings;

    boolean isEmpty() {
        return first == null;
    }

    /// The oldest, or null.
    @Nullable
    Change first() {
        return first;
    }

    /// A change begins.
    void add(Change change) {
        change.olderOpen = last;
        change.newerOpen = null;
        if (last == null) {
            first = change;
        } else {
            last.newerOpen = change;
        }
        last = change;
    }

    /// A change gets its version, which is the highest: it goes to the end.
    void renew(Change change) {
        unlink(change);
        add(change);
    }

    /// A change has ended.
    void remove(Change change) {
        unlink(change);
        endings++;
    }

    private void unlink(Change change) {
        final Change older = change.olderOpen;
        final Change newer = change.newerOpen;
        if (older == null) {
            first = newer;
        } else {
            older.newerOpen = newer;
        }
        if (newer == null) {
            last = older;
        } else {
            newer.olderOpen = older;
        }
    }

    /// See which changes miss nothing any more.
    void settle() {
        Change each = first;
        while (each != null) {
            final Change next = each.newerOpen;
            final long before = endings;
            each.settle();
            each = endings == before ? next : first;
        }
    }

    /// Let all look at what waits for time to pass.
    void tick(long nowNs) {
        Change each = first;
        while (each != null) {
            final Change next = each.newerOpen;
            final long before = endings;
            each.tick(nowNs);
            each = endings == before ? next : first;
        }
    }

    /// Send what a copy that has begun to follow has missed, in order.
    void sendAll() {
        for (Change each = first; each != null; each = each.newerOpen) {
            if (each.isApplying()) {
                each.sendAll();
            }
        }
    }

    /// Give all up: only the I/O under way is awaited.
    void abandon() {
        Change each = firstNotAbandoned();
        while (each != null) {
            each.abandon();
            each = firstNotAbandoned();
        }
    }

    private @Nullable Change firstNotAbandoned() {
        Change each = first;
        while (each != null && each.isAbandoned()) {
            each = each.newerOpen;
        }
        return each;
    }

    /// Whether no change with a lower version is on its way to the copies.
    boolean noneAppliesBelow(long version) {
        for (Change each = first; each != null; each = each.newerOpen) {
            if (each.isApplying() && each.version() < version) {
                return false;
            }
        }
        return true;
    }

    /// Whether every change that ever had a lower version has ended, or been given another version everywhere.
    boolean noneBegunBelow(long version) {
        for (Change each = first; each != null; each = each.newerOpen) {
            if (each.version() != 0 && each.version() < version) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        for (Change each = first; each != null; each = each.newerOpen) {
            text.append("; ").append(each);
        }
        return text.toString();
    }
}
