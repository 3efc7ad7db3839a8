package io.basalt.chunk;

import io.basalt.placement.Mix64;
import org.jspecify.annotations.Nullable;

/// All [IdentityWindow]s of a device, by gate instance and placement group. Bounded: the one that was not used for
/// longest gives way to a new one, unless it has changes under way. One owner reactor.
final class IdentityWindows {
    private static final int LISTS = 1 << 10;

    private final @Nullable IdentityWindow[] lists = new @Nullable IdentityWindow[LISTS];
    private final int windowsMax;
    private int count;

    IdentityWindows(int windowsMax) {
        this.windowsMax = windowsMax;
    }

    /// The window of a gate instance and placement group; allocates if it is a new one.
    ///
    /// @return null if there is room for no more
    @Nullable
    IdentityWindow of(long gateInstance, int pg, long oldest, long nowNs) {
        final int list = listOf(gateInstance, pg);
        IdentityWindow window = lists[list];
        while (window != null && (window.gateInstance != gateInstance || window.pg != pg)) {
            window = window.nextInList;
        }
        if (window == null) {
            window = make(list, gateInstance, pg, oldest);
        }
        if (window != null) {
            window.lastUsedNs = nowNs;
        }
        return window;
    }

    /// Forget what is remembered for a placement group: another primary answers for it now, or this one anew.
    void forget(int pg) {
        for (int list = 0; list < LISTS; list++) {
            IdentityWindow window = lists[list];
            while (window != null) {
                final IdentityWindow next = window.nextInList;
                if (window.pg == pg) {
                    remove(window);
                }
                window = next;
            }
        }
    }

    private @Nullable IdentityWindow make(int list, long gateInstance, int pg, long oldest) {
        if (count == windowsMax && !evict()) {
            return null;
        }
        final IdentityWindow window = new IdentityWindow();
        window.begin(gateInstance, pg, oldest);
        window.nextInList = lists[list];
        lists[list] = window;
        count++;
        return window;
    }

    private boolean evict() {
        IdentityWindow oldest = null;
        for (final IdentityWindow head : lists) {
            for (IdentityWindow each = head; each != null; each = each.nextInList) {
                if (each.isIdle() && (oldest == null || each.lastUsedNs - oldest.lastUsedNs < 0)) {
                    oldest = each;
                }
            }
        }
        if (oldest != null) {
            remove(oldest);
        }
        return oldest != null;
    }

    @SuppressWarnings("ReferenceEquality") // looks for the very object
    private void remove(IdentityWindow window) {
        final int list = listOf(window.gateInstance, window.pg);
        IdentityWindow before = null;
        IdentityWindow each = lists[list];
        while (each != null && each != window) {
            before = each;
            each = each.nextInList;
        }
        assert each != null;
        if (before == null) {
            lists[list] = window.nextInList;
        } else {
            before.nextInList = window.nextInList;
        }
        count--;
    }

    private static int listOf(long gateInstance, int pg) {
        return (int) Mix64.mix64(gateInstance, pg) & LISTS - 1;
    }
}
