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
    /// @param drainNs until nothing was in flight any more
    /// @param ns in all
    public record Pause(List<String> disks, long drainNs, long ns) {
        public Pause {
            disks = List.copyOf(disks);
        }
    }
}
