package io.basalt.net.session;

/// How long frames were under way, seen from their receiver without a common clock.
///
/// Each frame says when it was sent by its sender's clock. The difference to the receiver's clock is the clocks'
/// offset plus the time under way; the smallest difference of the last while is taken for the offset. A frame
/// that waited in a queue, or in a socket's buffer while this process stood still, is late against it. The
/// smallest of two spans of time in turn is used, so that clocks may drift. A frame is never thought later than
/// it was by more than the drift.
final class TransitClock {
    private static final long SPAN_NS = 10_000_000_000L;
    private static final long NS_PER_MICRO = 1000;

    private boolean started;
    private long spanStartNs;
    private int previous;
    private int current;

    /// A frame has come.
    ///
    /// @param sentMicros the sender's clock, modulo 2^32
    /// @return nanoseconds that the frame was late, 0 and up
    long lateNs(long nowNs, int sentMicros) {
        final int difference = (int) (nowNs / NS_PER_MICRO) - sentMicros;
        if (!started) {
            started = true;
            spanStartNs = nowNs;
            previous = difference;
            current = difference;
            return 0;
        }
        final int base = current - previous < 0 ? current : previous;
        if (nowNs - spanStartNs >= SPAN_NS) {
            // The span that ends is the measure, and no longer the one before it, from which the clocks have drifted
            // away; the frame that begins the new one may itself be late.
            previous = current;
            current = difference;
            spanStartNs = nowNs;
        } else if (difference - current < 0) {
            current = difference;
        }
        return Math.max(0, difference - base) * NS_PER_MICRO;
    }
}
