package io.basalt.gate.handover;

import io.basalt.gate.handover.HandoverMessage.DiskImage;
import java.util.List;

/// What gates and the holder of their descriptors say to each other, besides
/// [HandoverMessage.Prepare], [HandoverMessage.Ready] and [HandoverMessage.Abort]. Descriptors in a message that was
/// received
/// belong to the receiver; those in one that is sent stay the sender's.
public sealed interface HolderMessage extends HandoverMessage {
    /// The first message, from a gate.
    ///
    /// @param formatMin oldest format that it can write and read
    /// @param formatMax newest format
    /// @param product its version, for the log
    /// @param processId its process
    /// @param serves whether it is the gate already, and wants to be kept; else it asks what to be
    /// @param life socket that hangs up when the process has ended, and every ring of it too
    record Enlist(int formatMin, int formatMax, String product, int processId, boolean serves, int life)
            implements HolderMessage {}

    /// The holder knows the gate. Said again to one that stands by when there is no gate any more and
    /// nothing to take over.
    ///
    /// @param starts whether it is to be the gate, as if there were no holder, and then tell
    ///     everything; else it stands by
    /// @param marks memory with the [io.basalt.gate.holder.Marks]
    record Enlisted(boolean starts, int marks) implements HolderMessage {}

    /// A disk and its session as they are, from the gate, and on to those that stand by.
    ///
    /// @param slot of its mark
    /// @param version of the session that this tells: true for as long as the mark says the same
    /// @param writeback whether the guest is told of a write cache
    /// @param image without the listening socket
    record Disk(int slot, long version, boolean writeback, DiskImage image) implements HolderMessage {}

    /// The gate is dead: the receiver is the gate.
    ///
    /// @param lost disks whose front ends have to be hung up on, since it is not known what they said
    ///     last, or what their rings were doing
    record TakeOver(List<String> lost) implements HolderMessage {
        public TakeOver {
            lost = List.copyOf(lost);
        }
    }

    /// The gate needs nothing to be kept any more, from the gate.
    record Leave() implements HolderMessage {}
}
