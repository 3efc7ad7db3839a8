package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.Sessions;
import io.basalt.wire.data.ShardRange;
import io.basalt.wire.data.Versions;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One device's replica of one placement group: the state machine of [PgState], and what the device knows in
/// each role.
///
/// **Following.** A copy follows one primary at a time: one device, in one epoch, in one session. It is asked to
/// (PREPARE). It leaves an earlier primary only when what it has promised that one is over and nothing of it is
/// under way
/// here any more, so that a primary that has been left can neither serve a read nor change a copy.
///
/// **Leading.** A primary that takes over waits until every in-sync copy follows it, then brings them together
/// ([Reconciliation]), then serves. A new configuration with the same primary, and no copy in sync that was not
/// so or
/// had not joined before, changes nothing for requests under way.
///
/// One owner reactor.
final class PgReplica {
    /// Other copies that a placement group can have.
    static final int SLOTS = ReplicaSet.SIZE_MAX - 1;

    /// Added to the highest counter found when a primary takes over within an epoch: what has been discarded
    /// has left no
    /// trace of its version.
    private static final long COUNTER_LEAP = 1 << 20;

    private final ChunkDevice device;
    private final int pg;
    private final @Nullable Copy[] copies = new @Nullable Copy[SLOTS];

    private PgState state = PgState.ABSENT;
    private PgConfiguration configuration = PgConfiguration.NONE;

    /// Highest epoch heard of, from maps or primaries.
    private int epoch;

    private int followedDevice;
    private int followedEpoch;
    private long followedSession;
    private long promisedUntilNs;

    private int applyingCount;
    private long highest;
    private long counter;

    private @Nullable Change firstOpen;

    private @Nullable Change lastOpen;

    private long endings;
    private boolean isConfiguring;
    private boolean hasFailedHere;
    private long nextWishNs;

    private @Nullable Reconciliation reconciliation;

    PgReplica(ChunkDevice device, int pg) {
        this.device = device;
        this.pg = pg;
        promisedUntilNs = device.graceUntilNs();
        nextWishNs = device.nowNs();
    }

    ChunkDevice device() {
        return device;
    }

    int pg() {
        return pg;
    }

    PgState state() {
        return state;
    }

    /// Highest epoch heard of.
    int epoch() {
        return epoch;
    }

    /// Epoch of the configuration that this device acts in.
    int ownEpoch() {
        return configuration.epoch();
    }

    @Nullable
    Copy copy(int slot) {
        return copies[slot];
    }

    /// Whether client requests are taken.
    boolean isServing() {
        return state == PgState.SERVING && configuration.epoch() == epoch;
    }

    /// Whether what is read now is the newest content: every in-sync copy has promised to follow nobody else.
    /// Reads the
    /// clock.
    boolean mayRead() {
        final long nowNs = device.reactor().clock().nanoTime();
        for (final Copy copy : copies) {
            if (copy != null
                    && copy.isInSync()
                    && !device.rules()
                            .leaseHolds(nowNs, copy.isFollowing() ? copy.peer().leaseUntilNs() : nowNs - 1)) {
                return false;
            }
        }
        return true;
    }

    /// Whether an empty shard's versions must be remembered: a copy is away that may still have its blocks.
    boolean keepsTombstones() {
        return configuration.inSyncCount() < configuration.count();
    }

    /// Whether no other copy is in sync.
    boolean isLastCopy() {
        return configuration.inSyncCount() == 1 && configuration.inSync(device.deviceId());
    }

    // Configurations.

    /// A map says what holds now.
    void configure(PgConfiguration next) {
        if (next.epoch() <= configuration.epoch()) {
            return;
        }
        final boolean isKnown = state == PgState.SERVING && isContinuedBy(next);
        configuration = next;
        reconciliation = null;
        if (!next.contains(device.deviceId())) {
            epoch = Math.max(epoch, next.epoch());
            stepDown(PgState.ABSENT);
        } else if (next.epoch() < epoch) {
            stepDown(next.inSync(device.deviceId()) ? PgState.SECONDARY : PgState.LEFT_OUT);
        } else {
            epoch = next.epoch();
            if (next.primary() == device.deviceId()) {
                lead(isKnown);
            } else {
                stepDown(next.inSync(device.deviceId()) ? PgState.SECONDARY : PgState.LEFT_OUT);
            }
        }
    }

    /// Whether this primary goes on under another configuration: it knows all that every copy in sync may have.
    private boolean isContinuedBy(PgConfiguration next) {
        if (next.primary() != device.deviceId()) {
            return false;
        }
        for (int index = 0; index < next.count(); index++) {
            final int each = next.device(index);
            if (each != device.deviceId() && next.inSync(each)) {
                final Copy copy = copyOn(each);
                if (copy == null || (!copy.isInSync() && !copy.hasJoined())) {
                    return false;
                }
            }
        }
        return true;
    }

    private void lead(boolean goesOn) {
        leave();
        if (!goesOn && state == PgState.SERVING) {
            stepDown(PgState.SECONDARY);
        }
        isConfiguring = true;
        for (int slot = 0; slot < SLOTS; slot++) {
            final Copy copy = copies[slot];
            if (copy != null && !configuration.contains(copy.peer().deviceId())) {
                copies[slot] = null;
            }
        }
        for (int index = 0; index < configuration.count(); index++) {
            final int each = configuration.device(index);
            if (each != device.deviceId()) {
                final Copy known = copyOn(each);
                final Copy copy = known == null ? newCopy(each) : known;
                copy.configured(configuration.inSync(each));
            }
        }
        isConfiguring = false;
        hasFailedHere = false;
        if (goesOn) {
            recheck();
        } else if (state != PgState.PREPARING) {
            become(PgState.PREPARING);
        }
    }

    private Copy newCopy(int deviceId) {
        int slot = 0;
        while (copies[slot] != null) {
            slot++;
        }
        final Copy copy = new Copy(this, device.peer(deviceId), slot);
        copies[slot] = copy;
        return copy;
    }

    private @Nullable Copy copyOn(int deviceId) {
        for (final Copy copy : copies) {
            if (copy != null && copy.peer().deviceId() == deviceId) {
                return copy;
            }
        }
        return null;
    }

    private void stepDown(PgState next) {
        reconciliation = null;
        if (state.isPrimary()) {
            device.forgetIdentities(pg);
        }
        if (state != next) {
            become(next);
        }
        if (!next.isPrimary()) {
            Change each = firstNotAbandoned();
            while (each != null) {
                each.abandon();
                each = firstNotAbandoned();
            }
            Arrays.fill(copies, null);
        }
    }

    private @Nullable Change firstNotAbandoned() {
        Change each = firstOpen;
        while (each != null && each.isAbandoned()) {
            each = each.newerOpen;
        }
        return each;
    }

    /// The process ends: nothing is served or finished any more.
    void stop() {
        stepDown(PgState.ABSENT);
    }

    /// A copy knows a newer epoch: serve nothing until the map has come.
    void superseded(int newerEpoch) {
        epoch = Math.max(epoch, newerEpoch);
    }

    // Following.

    /// A primary asks to be followed.
    void askedToFollow(Incoming in) {
        final MemorySegment body = in.body();
        final int primary = ShardRange.shardIndex(body);
        final int asked = ShardRange.epoch(body);
        final long session = ReplicaRequest.session(body);
        final boolean isKnown = primary == followedDevice && Sessions.life(session) == Sessions.life(followedSession);
        final AnswerCode code = follow(primary, asked, session);
        AnswerBody.set(in.answerBody(), epoch, isKnown ? 0 : 1, highest);
        in.answer(code.code(), AnswerBody.BYTES);
    }

    private AnswerCode follow(int primary, int asked, long session) {
        if (device.rules().isStaleEpoch(asked, epoch)) {
            return AnswerCode.STALE_EPOCH;
        }
        if (!configuration.contains(device.deviceId())
                || (configuration.epoch() == asked && configuration.primary() != primary)) {
            return AnswerCode.NO_LEASE;
        }
        final boolean isSame = primary == followedDevice;
        if (isSame && asked == followedEpoch && session < followedSession) {
            return AnswerCode.NO_SESSION;
        }
        final boolean isSameLife = isSame && Sessions.life(session) == Sessions.life(followedSession);
        epoch = Math.max(epoch, asked);
        if (state.isPrimary()) {
            stepDown(configuration.inSync(device.deviceId()) ? PgState.SECONDARY : PgState.LEFT_OUT);
        }
        if (!isSame) {
            leave();
            if (!device.rules().isPromiseOver(device.nowNs(), promisedUntilNs)) {
                return AnswerCode.NO_LEASE;
            }
        }
        if (!isSameLife && applyingCount > 0) {
            followedSession = 0;
            return AnswerCode.NO_LEASE;
        }
        followedDevice = primary;
        followedEpoch = asked;
        followedSession = session;
        return AnswerCode.OK;
    }

    /// Follow nobody: what was promised stays promised, and no more is.
    private void leave() {
        if (followedDevice != 0) {
            promisedUntilNs = device.promises().untilNs(followedDevice, promisedUntilNs);
            device.promises().left(followedDevice, followedSession);
        }
        followedDevice = 0;
        followedEpoch = 0;
        followedSession = 0;
    }

    /// Whether a primary's message is to be refused, and how; null if it is to be obeyed.
    @Nullable
    AnswerCode refusal(int messageEpoch, long session) {
        if (device.rules().isStaleEpoch(messageEpoch, epoch)) {
            return AnswerCode.STALE_EPOCH;
        }
        if (messageEpoch > followedEpoch && state != PgState.ABSENT && followedDevice != 0) {
            return AnswerCode.NO_SESSION;
        }
        return device.rules().isForeignSession(session, followedSession) || followedDevice == 0
                ? AnswerCode.NO_SESSION
                : null;
    }

    // Changes on this device, in whatever role.

    void applyingBegins() {
        applyingCount++;
    }

    void applied(long version) {
        applyingCount--;
        seen(version);
    }

    /// A version exists.
    void seen(long version) {
        highest = Math.max(highest, version);
    }

    long highest() {
        return highest;
    }

    // Leading.

    /// A change begins.
    void opened(Change change) {
        change.olderOpen = lastOpen;
        change.newerOpen = null;
        if (lastOpen == null) {
            firstOpen = change;
        } else {
            lastOpen.newerOpen = change;
        }
        lastOpen = change;
    }

    /// A change has ended.
    void closed(Change change) {
        unlink(change);
        endings++;
    }

    /// The version of a change that is to be applied now. The list keeps those that have one in their order.
    long nextVersion(Change change) {
        unlink(change);
        opened(change);
        return Versions.of(configuration.epoch(), ++counter);
    }

    private void unlink(Change change) {
        final Change older = change.olderOpen;
        final Change newer = change.newerOpen;
        if (older == null) {
            firstOpen = newer;
        } else {
            older.newerOpen = newer;
        }
        if (newer == null) {
            lastOpen = older;
        } else {
            newer.olderOpen = older;
        }
    }

    /// See which changes miss nothing any more.
    void recheck() {
        if (isConfiguring) {
            return;
        }
        Change each = firstOpen;
        while (each != null) {
            final Change next = each.newerOpen;
            final long before = endings;
            each.settle();
            each = endings == before ? next : firstOpen;
        }
    }

    /// A copy follows now: it gets what it has missed, in order.
    void copyFollows(Copy copy) {
        seen(copy.highest());
        for (Change each = firstOpen; each != null; each = each.newerOpen) {
            if (each.isApplying()) {
                each.sendAll();
            }
        }
    }

    /// The connection to a device is lost.
    void peerLost(Peer peer) {
        for (final Copy copy : copies) {
            if (copy != null && copy.peer().deviceId() == peer.deviceId()) {
                copy.lost();
            }
        }
    }

    /// This device could not apply a change.
    void failedHere() {
        hasFailedHere = true;
    }

    void wishRemoved(int deviceId) {
        device.membership().removeFromInSync(pg, configuration.epoch(), deviceId);
    }

    void wishAdded(int deviceId) {
        device.membership().addToInSync(pg, configuration.epoch(), deviceId);
    }

    /// Look at what waits for time to pass.
    void tick(long nowNs) {
        if (!state.isPrimary() || configuration.epoch() < epoch) {
            return;
        }
        for (final Copy copy : copies) {
            if (copy != null) {
                copy.tick(nowNs);
            }
        }
        tickChanges(nowNs);
        if (hasFailedHere && !isLastCopy() && nowNs - nextWishNs >= 0) {
            nextWishNs = nowNs + device.settings().wishNs();
            wishRemoved(device.deviceId());
        }
        if (state == PgState.PREPARING) {
            if (device.rules().isPromiseOver(nowNs, promisedUntilNs) && allFollow() && firstOpen == null) {
                become(PgState.RECONCILING);
                reconciliation = new Reconciliation(this, null);
            }
        } else if (state == PgState.RECONCILING && !allFollow()) {
            reconciliation = null;
            become(PgState.PREPARING);
        } else if (state == PgState.SERVING && reconciliation == null) {
            recruit();
        }
        final Reconciliation current = reconciliation;
        if (current != null) {
            current.tick();
        }
    }

    private void tickChanges(long nowNs) {
        Change each = firstOpen;
        while (each != null) {
            final Change next = each.newerOpen;
            final long before = endings;
            each.tick(nowNs);
            each = endings == before ? next : firstOpen;
        }
    }

    private boolean allFollow() {
        for (final Copy copy : copies) {
            if (copy != null && copy.isInSync() && !copy.isFollowing()) {
                return false;
            }
        }
        return true;
    }

    /// Compare what may differ.
    private void recruit() {
        for (final Copy copy : copies) {
            if (copy != null && copy.isToBeCompared()) {
                copy.compare(Versions.of(configuration.epoch(), counter + 1));
                reconciliation = new Reconciliation(this, copy);
                return;
            }
        }
    }

    /// Whether every change before a version has ended, so that it can be seen on the copies.
    boolean isSettledBefore(long version) {
        for (Change each = firstOpen; each != null; each = each.newerOpen) {
            if (each.isApplying() && each.version() < version) {
                return false;
            }
        }
        return true;
    }

    /// Every version that the in-sync copies have is known: those to come are higher.
    void listed() {
        if (Versions.epoch(highest) == configuration.epoch()) {
            counter = Math.max(counter, Versions.counter(highest) + COUNTER_LEAP);
        }
    }

    /// The in-sync copies are the same.
    void reconciled() {
        reconciliation = null;
        if (state == PgState.RECONCILING) {
            for (final Copy copy : copies) {
                if (copy != null) {
                    copy.reconciled();
                }
            }
            become(PgState.SERVING);
            device.counters().count(Counter.TAKEOVERS);
        }
    }

    /// A comparison of copies could not be finished: begin anew.
    void reconciliationFailed(@Nullable Copy joining) {
        reconciliation = null;
        if (joining != null) {
            joining.comparisonFailed();
        } else if (state == PgState.RECONCILING) {
            become(PgState.PREPARING);
        }
    }

    @SuppressWarnings("ReferenceEquality") // one that was given up may still get answers
    boolean isCurrent(Reconciliation one) {
        return reconciliation == one;
    }

    private void become(PgState next) {
        assert state.canBecome(next) : "illegal transition of pg " + pg + ": " + state + " to " + next;
        state = next;
        device.stateChanged(this);
    }

    /// For people who look for what a placement group waits for.
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder("pg " + pg + " " + state + ", epoch " + configuration.epoch()
                + " of " + epoch + ", follows device " + followedDevice + ", applying " + applyingCount
                + (reconciliation == null ? "" : ", " + reconciliation));
        for (final Copy copy : copies) {
            text.append(copy == null ? "" : "; " + copy);
        }
        for (Change each = firstOpen; each != null; each = each.newerOpen) {
            text.append("; ").append(each);
        }
        return text.toString();
    }
}
