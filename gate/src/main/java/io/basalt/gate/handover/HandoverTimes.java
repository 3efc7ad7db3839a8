package io.basalt.gate.handover;

/// How long the old gate waits for each step, in nanoseconds.
///
/// @param startNs for the new process to say its first word
/// @param prepareNs for it to get ready: guest memory is filled and pinned meanwhile
/// @param drainNs for a disk's requests in flight to finish
/// @param takeNs for the new gate to run a disk that was let go of
/// @param commitNs for its word that it is the gate
public record HandoverTimes(long startNs, long prepareNs, long drainNs, long takeNs, long commitNs) {
    private static final long S_NS = 1_000_000_000L;

    /// What a gate uses.
    public static final HandoverTimes DEFAULT = new HandoverTimes(60 * S_NS, 300 * S_NS, 2 * S_NS, 5 * S_NS, 10 * S_NS);
}
