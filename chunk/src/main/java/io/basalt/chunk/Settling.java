package io.basalt.chunk;

import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import org.jspecify.annotations.Nullable;

/// A bound for one placement group, below which every change has ended on every copy, so that what copies keep of
/// deleted shards (tombstones) is of no use any more.
///
/// A tombstone is there so that a copy which has missed the deletion, because its device lost a write that
/// it had acknowledged, cannot bring the old content back when the copies are brought together. The primary
/// says what is settled: while all copies are in sync, and none has begun a new life that it was not
/// compared in, it notes the version that comes next; one pause later, if all that held throughout and
/// every change below the noted version has ended, it tells that version to the copies. Each copy then
/// forgets its tombstones below it ([Sweep]). That is a change of its device, too: if the deletion's own
/// record was lost there, the log has a hole from then on, and the device is refused when it is opened,
/// instead of showing old content.
///
/// What has been told holds in the configuration that it was told in. One owner reactor.
final class Settling implements ReplicaCall.Owner {
    private final PgReplica replica;
    private final ChunkDevice device;
    private long settledBelow;
    private long noted;
    private long nextNs;

    Settling(PgReplica replica) {
        this.replica = replica;
        device = replica.device();
    }

    /// Tombstones of lower versions may go; 0: none.
    long settledBelow() {
        return settledBelow;
    }

    /// The primary that is followed says what is settled.
    void settled(long bound) {
        settledBelow = Math.max(settledBelow, bound);
    }

    /// Another configuration holds, or another primary is followed.
    void reset() {
        settledBelow = 0;
        noted = 0;
    }

    /// As primary: see whether something has settled.
    void tick(long nowNs) {
        if (!replica.isWhole()) {
            noted = 0;
            return;
        }
        if (noted != 0 && nowNs - nextNs < 0) {
            return;
        }
        if (noted != 0 && replica.isDecidedBelow(noted)) {
            settled(noted);
            tell();
        }
        noted = replica.nextVersion();
        nextNs = nowNs + device.settings().sweepNs();
    }

    private void tell() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            final ReplicaCall call = copy == null ? null : device.takeCall();
            if (copy != null && call != null) {
                call.prepare(
                        this,
                        DataMessage.SETTLED,
                        replica.pg(),
                        replica.ownEpoch(),
                        device.nowNs() + device.settings().callNs());
                ReplicaRequest.order(call.body(), copy.peer().session(), settledBelow);
                if (!copy.peer().send(call)) {
                    device.giveCall(call);
                }
            }
        }
    }

    /// A copy that was not reached is told again, a pause later.
    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        device.giveCall(call);
    }
}
