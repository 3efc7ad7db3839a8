package io.basalt.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// What happened, as a hash over all of it and the last events as text. Two runs of a seed must have the same hash.
public final class Trace {
    private static final int KEPT = 200;
    private static final long PRIME = 0x100000001b3L;

    private record Noted(long atNs, String what) {}

    private final ArrayDeque<Noted> last = new ArrayDeque<>();
    private long hash = 0xcbf29ce484222325L;
    private long count;

    /// Note an event.
    ///
    /// @param what for people, and part of the hash
    public void note(long nowNs, String what) {
        add(nowNs);
        add(what.hashCode());
        count++;
        if (last.size() == KEPT) {
            last.removeFirst();
        }
        last.addLast(new Noted(nowNs, what));
    }

    /// Note a number without a text.
    public void add(long value) {
        hash = (hash ^ value) * PRIME;
        hash ^= hash >>> 29;
    }

    /// The hash so far.
    public long hash() {
        return hash;
    }

    /// How many events there were.
    public long count() {
        return count;
    }

    /// The last events, oldest first.
    public List<String> last() {
        final List<String> texts = new ArrayList<>();
        last.forEach(each -> texts.add(String.format("%12.6f ms  %s", each.atNs / 1e6, each.what)));
        return texts;
    }
}
