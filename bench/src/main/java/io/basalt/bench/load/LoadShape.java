package io.basalt.bench.load;

/// What a run asks for: 4 KiB requests.
///
/// @param pattern randread or randwrite
/// @param depth requests in flight on each queue
/// @param queues virtqueues, each with a thread of its own in the client
/// @param milliseconds how long to count
/// @param rate most requests a second; 0 for as many as there can be
public record LoadShape(String pattern, int depth, int queues, int milliseconds, int rate) {
    /// Time of load that is not counted: the compilers of both sides are done then.
    static final int RAMP_MILLISECONDS = 1500;

    /// As many requests as there can be.
    public LoadShape(String pattern, int depth, int queues, int milliseconds) {
        this(pattern, depth, queues, milliseconds, 0);
    }
}
