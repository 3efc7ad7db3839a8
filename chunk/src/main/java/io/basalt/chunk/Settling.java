package io.basalt.chunk;

import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ReplicaRequest;
import org.jspecify.annotations.Nullable;

/// A bound for one placement group, below which every change has ended on every copy. There are two:
///
/// * **settled**: what copies keep of deleted shards (tombstones) is of no use any more below it. Moves slowly, and
///   holds only in the configuration that it was told in;
/// * **common**: the copies were the same below it, so that a comparison need only look at what was changed since, when
///   another primary takes over or a copy returns that was in sync then. Moves as often as there are changes, and holds
///   as long as the process lives: what a copy has it keeps, and who joins later gets all.
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
/// One owner reactor.
final class Settling implements ReplicaCall.Owner {
    private final PgReplica replica;
    private final ChunkDevice device;
    private final int type;
    private final long pauseNs;
    private long bound;
    private long noted;
    private long nextNs;

    /// @param type the message that tells the bound
    /// @param pauseNs how long everything must be in order before the bound moves
    Settling(PgReplica replica, int type, long pauseNs) {
        this.replica = replica;
        this.type = type;
        this.pauseNs = pauseNs;
        device = replica.device();
    }

    /// Every lower version is everywhere; 0: not known of any.
    long bound() {
        return bound;
    }

    /// The primary that is followed says what is settled.
    void told(long newBound) {
        bound = Math.max(bound, newBound);
    }

    /// Nothing is known any more.
    void reset() {
        bound = 0;
        noted = 0;
    }

    /// Another configuration holds, or another primary is followed: what was noted did not come about.
    void interrupt() {
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
        if (noted > bound && replica.isDecidedBelow(noted)) {
            told(noted);
            tell();
        }
        noted = replica.nextVersion();
        nextNs = nowNs + pauseNs;
    }

    private void tell() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null) {
                tell(copy);
            }
        }
    }

    /// As primary: tell a copy.
    void tell(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return;
        }
        call.prepare(
                this,
                type,
                replica.pg(),
                replica.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        ReplicaRequest.order(call.body(), copy.peer().session(), bound);
        if (!copy.peer().send(call)) {
            device.giveCall(call);
        }
    }

    /// A copy that was not reached is told again, a pause later.
    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        device.giveCall(call);
    }
}
