package io.basalt.store;

import io.basalt.block.BlockRequest;
import org.jspecify.annotations.Nullable;

/// A first-in first-out queue of requests that wait for their turn. One owner reactor.
///
/// Requests are preallocated by front ends, so their number bounds the queue. The array starts small and doubles
/// when more requests wait than ever before; in a steady state nothing is allocated.
public final class RequestRing {
    /// Most requests that can wait: all of 64 virtqueues of 1024.
    public static final int CAPACITY_MAX = 1 << 16;

    private static final int CAPACITY_FIRST = 256;

    private @Nullable BlockRequest[] requests = new @Nullable BlockRequest[CAPACITY_FIRST];
    private int head;
    private int count;

    /// Requests that wait.
    public int count() {
        return count;
    }

    /// Append a request.
    ///
    /// @return false if [#CAPACITY_MAX] wait already
    public boolean offer(BlockRequest request) {
        if (count == requests.length && !grow()) {
            return false;
        }
        requests[head + count & requests.length - 1] = request;
        count++;
        return true;
    }

    /// The request that has waited longest, or null.
    public @Nullable BlockRequest peek() {
        return count == 0 ? null : requests[head];
    }

    /// Take the request that has waited longest, or null.
    public @Nullable BlockRequest take() {
        if (count == 0) {
            return null;
        }
        final BlockRequest request = requests[head];
        requests[head] = null;
        head = head + 1 & requests.length - 1;
        count--;
        return request;
    }

    private boolean grow() {
        if (requests.length == CAPACITY_MAX) {
            return false;
        }
        final @Nullable BlockRequest[] larger = new @Nullable BlockRequest[requests.length * 2];
        for (int i = 0; i < count; i++) {
            larger[i] = requests[head + i & requests.length - 1];
        }
        requests = larger;
        head = 0;
        return true;
    }
}
