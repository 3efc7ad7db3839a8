package io.basalt.bench.load;

/// What a run asks for: 4 KiB requests.
///
/// @param pattern randread or randwrite
/// @param depth requests in flight on each queue
/// @param queues virtqueues, each with a thread of its own in the client
/// @param milliseconds how long to count
public record LoadShape(String pattern, int depth, int queues, int milliseconds) {
    /// Time of load that is not counted: the compilers of both sides are done then.
    static final int RAMP_MILLISECONDS = 1500;
}
