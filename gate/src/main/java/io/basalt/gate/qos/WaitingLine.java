package io.basalt.gate.qos;

import io.basalt.block.BlockRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Requests that are held back, first in, first out, each with the time from which it may go. One owner reactor.
///
/// Front ends preallocate their requests, so their number bounds the line. It starts small and doubles when more wait
/// than ever before; in a steady state nothing is allocated.
final class WaitingLine {
    private static final int LENGTH_FIRST = 256;

    private @Nullable BlockRequest[] requests = new @Nullable BlockRequest[LENGTH_FIRST];
    /// Two words a request: when it may go, and when it came.
    private long[] times = new long[2 * LENGTH_FIRST];

    private int head;
    private int count;

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(BlockRequest request, long dueNs, long sinceNs) {
        if (count == requests.length) {
            grow();
        }
        final int at = head + count & requests.length - 1;
        requests[at] = request;
        times[2 * at] = dueNs;
        times[2 * at + 1] = sinceNs;
        count++;
    }

    /// When the first may go. There is one.
    long dueNs() {
        assert count > 0;
        return times[2 * head];
    }

    /// When the first came. There is one.
    long sinceNs() {
        assert count > 0;
        return times[2 * head + 1];
    }

    /// Take the first. There is one.
    BlockRequest take() {
        final BlockRequest request = Objects.requireNonNull(requests[head], "the line is empty");
        requests[head] = null;
        head = head + 1 & requests.length - 1;
        count--;
        return request;
    }

    private void grow() {
        final @Nullable BlockRequest[] more = new @Nullable BlockRequest[2 * requests.length];
        final long[] moreTimes = new long[2 * more.length];
        for (int i = 0; i < count; i++) {
            final int at = head + i & requests.length - 1;
            more[i] = requests[at];
            moreTimes[2 * i] = times[2 * at];
            moreTimes[2 * i + 1] = times[2 * at + 1];
        }
        requests = more;
        times = moreTimes;
        head = 0;
    }
}
