package io.basalt.gate.handover;

import java.util.List;

/// How a hand-over ended.
///
/// @param done whether another process is the gate now
/// @param reason why not; empty if done
/// @param processId of the gate's new process; 0 if none has said hello
/// @param pauses how long each disk stood still, in the order of the switches
public record HandoverResult(boolean done, String reason, int processId, List<Pause> pauses) {
    public HandoverResult {
        pauses = List.copyOf(pauses);
    }

    /// How long disks stood still: from the wish that they be let go of to the word that they run
    /// again.
    ///
    /// @param disks controllers that were switched together
    /// @param slowNs for how long they had asked for little at a time before
    /// @param drainNs until nothing was in flight any more
    /// @param ns in all
    public record Pause(List<String> disks, long slowNs, long drainNs, long ns) {
        private static final long US_NS = 1_000;

        public Pause {
            disks = List.copyOf(disks);
        }

        /// From the word that the disks are let go of to the word that they run again: what the new
        /// process and the way to it and back have cost.
        public long switchNs() {
            return ns - drainNs;
        }

        @Override
        public String toString() {
            return String.join(", ", disks) + " stood still for " + ns / US_NS + " us, drained in " + drainNs / US_NS
                    + ", switched in " + switchNs() / US_NS + "; slowed down for " + slowNs / US_NS + " before";
        }
    }
}
