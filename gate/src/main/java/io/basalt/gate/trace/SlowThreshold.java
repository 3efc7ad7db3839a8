package io.basalt.gate.trace;

import java.util.concurrent.atomic.AtomicLong;

/// From when on a request is slow. Set by the control reactor, read in opaque mode by all others for every request.
final class SlowThreshold {
    private final AtomicLong ns;

    SlowThreshold(long ns) {
        this.ns = new AtomicLong(ns);
    }

    /// `Long.MAX_VALUE` if none is.
    long ns() {
        return ns.getOpaque();
    }

    void set(long newNs) {
        ns.setOpaque(newNs);
    }
}
