package io.basalt.meta.state;

import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import java.util.List;
import java.util.UUID;

/// A change of [MetaState], as it stands in the log. A command carries all that its effect depends on besides the
/// state: the time, random numbers and computed placements are drawn by whoever proposes it.
public sealed interface MetaCommand {
    /// What a repeated proposal is recognised by; [RequestId#NONE] if repeating it does no harm.
    default RequestId requestId() {
        return RequestId.NONE;
    }

    /// The first command of a cluster.
    record CreateCluster(UUID clusterId, long createdMs) implements MetaCommand {}

    /// A node has connected.
    record RegisterNode(NodeRegistration registration, long atMs) implements MetaCommand {}

    /// A node answers, or has stopped to answer: then its copies leave the in-sync sets that can do without them
    /// (FailOver), all in one.
    record MarkNode(int nodeId, boolean up) implements MetaCommand {}

    /// What devices have said about themselves.
    record RecordUsage(List<Usage> usages) implements MetaCommand {
        /// Of one device.
        public record Usage(int deviceId, long usedBytes, long capacityBytes, boolean failed) {}

        public RecordUsage {
            usages = List.copyOf(usages);
        }
    }

    /// An operator's will about a device.
    ///
    /// @param weight fixed point with 16 fraction bits; 0 to leave it
    record AdminDevice(int deviceId, Action action, int weight) implements MetaCommand {
        /// What is to become of the device.
        public enum Action {
            /// Leave it as it is.
            KEEP(0),
            /// Copies belong on it.
            IN(1),
            /// Its copies are to be moved away.
            DRAIN(2),
            /// No copy belongs on it.
            OUT(3);

            private final int code;

            Action(int code) {
                this.code = code;
            }

            int code() {
                return code;
            }
        }
    }

    /// A set is made.
    ///
    /// @param minCopies fewest copies that a write is acknowledged with
    /// @param overcommitPercent how much may be provisioned, in percent of the capacity; 0 for no bound
    record CreateSet(String name, RoutingRule rule, int minCopies, int overcommitPercent) implements MetaCommand {}

    /// A set's bounds are changed.
    ///
    /// @param minCopies 0 to leave it
    /// @param overcommitPercent -1 to leave it
    record PatchSet(String name, int minCopies, int overcommitPercent) implements MetaCommand {}

    /// The placement groups of a set without volumes get their replicas.
    ///
    /// @param mapVersion the map that they were computed from; if it is another one meanwhile, nothing is done
    /// @param replicas of every placement group, in order
    record LayoutPgs(int setId, long mapVersion, List<int[]> replicas) implements MetaCommand {
        public LayoutPgs {
            replicas = List.copyOf(replicas);
        }
    }

    /// One placement group's configuration changes.
    record ChangePg(PgChange change) implements MetaCommand {}

    /// Several placement groups' configurations change, each by itself: one that is refused keeps none of the others
    /// back. The result has a part for each.
    record ChangePgs(List<PgChange> changes) implements MetaCommand {
        /// Most changes of one command.
        public static final int COUNT_MAX = 1 << 14;

        public ChangePgs {
            changes = List.copyOf(changes);
        }
    }

    /// Copies of placement groups are to move to other devices, each by itself. The result has a part for each.
    ///
    /// @param setId the set of the groups
    record MovePgs(int setId, List<Move> moves) implements MetaCommand {
        /// In place of the device that a copy moves to: the copy goes, being one too many.
        public static final int NOWHERE = 0;
        /// Most moves of one command.
        public static final int COUNT_MAX = 1 << 14;

        /// One copy.
        ///
        /// @param epoch that the move was computed in; if it is another one meanwhile, nothing is done
        /// @param from the device that has the copy, or should have it
        /// @param to the device that gets it, or [#NOWHERE]
        public record Move(int pg, int epoch, int from, int to) {}

        public MovePgs {
            moves = List.copyOf(moves);
        }
    }

    /// Devices have not answered for so long that their copies are to be made anew elsewhere. One that answers
    /// meanwhile, or is not *in*, is passed over. They are in again when they answer.
    record TakeOut(List<Integer> deviceIds) implements MetaCommand {
        public TakeOut {
            deviceIds = List.copyOf(deviceIds);
        }
    }

    /// A volume is made.
    record CreateVolume(
            RequestId requestId,
            String name,
            long sizeBytes,
            int shardBytes,
            int blockBytes,
            String volumeClass,
            String setName,
            long createdMs)
            implements MetaCommand {}

    /// A volume is changed.
    ///
    /// @param newName empty to leave it
    /// @param sizeBytes 0 to leave it
    /// @param volumeClass empty to leave it
    record PatchVolume(RequestId requestId, String name, String newName, long sizeBytes, String volumeClass)
            implements MetaCommand {}

    /// A volume goes, with all that is in it.
    record DeleteVolume(RequestId requestId, String name) implements MetaCommand {}

    /// A gate attaches a volume.
    record Attach(AttachRequest request) implements MetaCommand {
        @Override
        public RequestId requestId() {
            return request.requestId();
        }
    }

    /// A gate has detached a volume.
    record Detach(long volumeId, int generation) implements MetaCommand {}

    /// An operator takes a volume away from whatever gate has it.
    record Fence(RequestId requestId, String name) implements MetaCommand {}

    /// A token is allowed.
    ///
    /// @param readOnly whether it may only look
    /// @param hash SHA-256 of the token, 32 bytes: the token itself is nowhere kept
    @SuppressWarnings("ArrayRecordComponent") // never compared; TokenRecord compares hashes as they must be
    record AddToken(String name, boolean readOnly, byte[] hash, long createdMs) implements MetaCommand {}

    /// A token is allowed no longer.
    record RemoveToken(String name) implements MetaCommand {}
}
