package io.basalt.endtoend.chaos.load;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// How long a guest had to wait, in windows of time that begin with what is done to its disk.
///
/// Concurrency: one thread begins windows; the load's thread counts in them; anybody may read.
public final class Stalls {
    private final List<Window> windows = new CopyOnWriteArrayList<>();

    /// A stretch of time, until the next begins.
    public static final class Window {
        private final long beganNs;
        private final boolean takesOutstanding;
        private final AtomicLong longestNs = new AtomicLong();
        private final AtomicLong silenceNs = new AtomicLong();
        private final AtomicLong requests = new AtomicLong();

        private Window(long beganNs, boolean takesOutstanding) {
            this.beganNs = beganNs;
            this.takesOutstanding = takesOutstanding;
        }

        /// Longest time that a request of this window took, in nanoseconds.
        public long longestNs() {
            return longestNs.get();
        }

        /// Longest time between two answers while requests were under way, in nanoseconds.
        public long silenceNs() {
            return silenceNs.get();
        }

        /// Requests answered.
        public long requests() {
            return requests.get();
        }
    }

    /// Stalls of a load that begins now, undisturbed.
    public Stalls() {
        begin(false);
    }

    /// The time before the first window that was begun.
    public Window undisturbed() {
        return windows.getFirst();
    }

    /// A window begins now.
    ///
    /// @param takesOutstanding whether requests under way now count in this window, because what happens now may
    ///     hold them up; else they count where they began
    public Window begin(boolean takesOutstanding) {
        final Window window = new Window(System.nanoTime(), takesOutstanding);
        windows.add(window);
        return window;
    }

    /// A request was answered.
    void answered(long beganNs, long endedNs) {
        final Window window = windowOf(beganNs, endedNs);
        window.requests.lazySet(window.requests.get() + 1);
        raise(window.longestNs, endedNs - beganNs);
    }

    /// Nothing was answered for a while although something was under way.
    void silent(long beganNs, long endedNs) {
        raise(windowOf(beganNs, endedNs).silenceNs, endedNs - beganNs);
    }

    private static void raise(AtomicLong most, long value) {
        if (value > most.get()) {
            most.lazySet(value);
        }
    }

    private Window windowOf(long beganNs, long endedNs) {
        Window found = windows.getFirst();
        for (final Window window : windows) {
            if (window.beganNs <= beganNs || (window.takesOutstanding && window.beganNs <= endedNs)) {
                found = window;
            }
        }
        return found;
    }
}
