package io.basalt.gate.handover;

import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What two gates say to each other while one hands its guests over. Descriptors in a message that
/// was received belong to the receiver; those in one that is sent stay the sender's.
public sealed interface HandoverMessage
        permits HandoverMessage.Hello,
                HandoverMessage.Prepare,
                HandoverMessage.Ready,
                HandoverMessage.Switch,
                HandoverMessage.Taken,
                HandoverMessage.Commit,
                HandoverMessage.Committed,
                HandoverMessage.Abort,
                HolderMessage {
    /// The first message, from the new gate: which formats it can write and read.
    ///
    /// @param formatMin oldest format
    /// @param formatMax newest format
    /// @param product the new gate's version, for the log
    /// @param processId its process
    record Hello(int formatMin, int formatMax, String product, int processId) implements HandoverMessage {}

    /// Everything to get ready with, from the old gate, which goes on serving.
    ///
    /// @param configuration as `save_config` tells it, JSON
    /// @param lock descriptor that holds the data folder's lock
    /// @param rpcListener listening management socket
    /// @param files open files of volumes, which hold their locks
    /// @param disks controllers, in the order of their making
    record Prepare(String configuration, int lock, int rpcListener, List<VolumeFile> files, List<DiskImage> disks)
            implements HandoverMessage {
        public Prepare {
            files = List.copyOf(files);
            disks = List.copyOf(disks);
        }
    }

    /// The new gate could serve every disk at once.
    record Ready() implements HandoverMessage {}

    /// The old gate has let go of these disks: they are the new one's to run.
    ///
    /// @param disks all that share one volume
    /// @param attachment of that volume to go on with; null if it is no cluster's, or is to be attached anew
    record Switch(List<DiskState> disks, @Nullable VolumeRecord attachment) implements HandoverMessage {
        public Switch {
            disks = List.copyOf(disks);
        }
    }

    /// The new gate runs the disks of the last [Switch].
    record Taken() implements HandoverMessage {}

    /// The old gate has let go of everything, for good once it has heard [Committed].
    record Commit() implements HandoverMessage {}

    /// The new gate is the gate.
    record Committed() implements HandoverMessage {}

    /// No hand-over: the old gate stays the gate.
    ///
    /// @param reason for people
    record Abort(String reason) implements HandoverMessage {}

    /// The open file of a volume.
    record VolumeFile(String volume, int fd) {}

    /// A controller and its session as they were when the preparation began.
    ///
    /// @param name of the controller
    /// @param listener its listening socket, or -1 if the front end listens
    /// @param connection the front end's connection, or -1 if there is none
    /// @param session null if there is no connection
    record DiskImage(
            String name,
            int listener,
            int connection,
            @Nullable SessionImage session) {}

    /// A controller at the moment when it is handed over.
    ///
    /// @param name of the controller
    /// @param writeback whether the guest is told of a write cache
    record DiskState(String name, boolean writeback, Front front) {}

    /// What became of a controller's session since its [DiskImage].
    sealed interface Front {}

    /// There is none.
    record NoFront() implements Front {}

    /// The front end has said nothing since: only the rings have moved on.
    record SameFront(List<RingBase> bases) implements Front {
        public SameFront {
            bases = List.copyOf(bases);
        }
    }

    /// It is another one, or another session, or the front end has said something.
    record OtherFront(int connection, SessionImage session) implements Front {}

    /// Where a ring goes on.
    record RingBase(int index, int base) {}
}
