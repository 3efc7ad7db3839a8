package io.basalt.virtio.blk;

import org.jspecify.annotations.Nullable;

/// The requests of one queue, all made at start: a stack of those that are idle, and a list of those that the volume
/// has completed and the queue has not looked at yet. A request is in one of the two or under way, so that one link
/// serves both.
///
/// One owner thread, the queue's. The request that was given back last is taken first: it is the one in the cache.
final class BlkRequestPool {
    private BlkRequest[] all = new BlkRequest[0];
    private @Nullable BlkRequest idle;
    private @Nullable BlkRequest completedFirst;
    private @Nullable BlkRequest completedLast;

    /// Make sure that there are as many requests as asked for, and that all are idle. Control plane: allocates.
    void reset(int count, BlkRequest.Owner owner, BlkLimits limits) {
        assert completedFirst == null;
        if (all.length < count) {
            all = new BlkRequest[count];
            for (int i = 0; i < count; i++) {
                all[i] = new BlkRequest(owner, limits);
            }
        }
        // From the full list: what an access to lost memory interrupted was never given back.
        idle = null;
        for (final BlkRequest request : all) {
            giveBack(request);
        }
    }

    boolean isEmpty() {
        return idle == null;
    }

    /// The idle request that is next to be taken; null if there is none. What is answered at once never leaves the
    /// pool.
    @Nullable
    BlkRequest first() {
        return idle;
    }

    /// Take the request that [#first()] named.
    void takeFirst(BlkRequest first) {
        assert first == idle;
        idle = first.next;
        first.next = null;
    }

    void giveBack(BlkRequest request) {
        request.next = idle;
        idle = request;
    }

    /// Append to the completed ones.
    void addCompleted(BlkRequest request) {
        assert request.next == null;
        final BlkRequest last = completedLast;
        if (last == null) {
            completedFirst = request;
        } else {
            last.next = request;
        }
        completedLast = request;
    }

    boolean hasCompleted() {
        return completedFirst != null;
    }

    /// The first of the completed ones, taken off the list; null if there are none.
    @Nullable
    BlkRequest takeCompleted() {
        final BlkRequest first = completedFirst;
        if (first != null) {
            completedFirst = first.next;
            first.next = null;
            if (completedFirst == null) {
                completedLast = null;
            }
        }
        return first;
    }
}
