package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.Versions;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One device's replica of one placement group: the state machine of [PgState], and what the device knows
/// in each role.
///
/// **Following** another primary is in [Following].
///
/// **Leading.** A primary that takes over waits until every in-sync copy follows it, then brings them
/// together ([Reconciliation]), then serves. A new configuration with the same primary, and no copy in
/// sync that was not so or had not joined before, changes nothing for requests under way.
///
/// One owner reactor.
final class PgReplica {
    /// Other copies that a placement group can have.
    static final int SLOTS = ReplicaSet.SIZE_MAX - 1;

    /// Added to the highest counter found when a primary takes over within an epoch: what was forgotten
    /// has left no trace of its version.
    private static final long COUNTER_LEAP = 1 << 20;

    private final ChunkDevice device;
    private final int pg;
    private final @Nullable Copy[] copies = new @Nullable Copy[SLOTS];

    private final OpenChanges open = new OpenChanges();
    private final Following following;
    private final Settling settled;
    private final Settling common;
    private final Recruits recruits;
    private final EarlierWishes earlier = new EarlierWishes(this);

    private PgState state = PgState.ABSENT;
    private PgConfiguration configuration = PgConfiguration.NONE;

    /// Highest epoch heard of, from maps or primaries.
    private int epoch;

    private long changes;
    private long highest;
    private long counter;

    private boolean isConfiguring;
    private boolean hasFailedHere;
    private long nextWishNs;

    private @Nullable Reconciliation reconciliation;

    PgReplica(ChunkDevice device, int pg) {
        this.device = device;
        this.pg = pg;
        following = new Following(this);
        settled = new Settling(this, DataMessage.SETTLED, device.settings().sweepNs());
        common = new Settling(this, DataMessage.COMMON, device.settings().commonNs());
        recruits = new Recruits(this);
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

    /// The device that leads in the configuration, 0 for none.
    int primary() {
        return configuration.primary();
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

    /// Whether what is read now is the newest content: every copy that may be in sync has promised to
    /// follow nobody else. Reads the clock.
    boolean mayRead() {
        final long nowNs = device.reactor().clock().nanoTime();
        for (final Copy copy : copies) {
            if (copy != null
                    && copy.mayBeInSync()
                    && !ReplicationRules.leaseHolds(
                            nowNs, copy.isFollowing() ? copy.peer().leaseUntilNs() : nowNs - 1)) {
                return false;
            }
        }
        return true;
    }

    /// Whether fewer copies are in sync than a change must be on before it is acknowledged.
    boolean isShort() {
        return configuration.inSyncCount() < device.minCopies();
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
        earlier.configured(next, configuration.epoch() == 0);
        configuration = next;
        reconciliation = null;
        settled.reset();
        common.interrupt();
        if (!next.contains(device.deviceId())) {
            epoch = Math.max(epoch, next.epoch());
            common.reset();
            stepDown(PgState.ABSENT);
            return;
        }
        device.peers().meet(configuration);
        if (next.epoch() < epoch) {
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

    /// Whether this primary goes on under another configuration: it knows all that every copy in sync may
    /// have.
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
        following.leave();
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
        lookSoon();
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
            open.abandon();
            for (final Copy copy : copies) {
                if (copy != null) {
                    copy.release();
                }
            }
            Arrays.fill(copies, null);
        }
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
        following.asked(in);
    }

    /// Whether the map allows to follow a device in an epoch.
    boolean mayFollow(int primary, int asked) {
        return configuration.contains(device.deviceId())
                && (configuration.epoch() != asked || configuration.primary() == primary);
    }

    /// Another one is to be followed: be primary no longer.
    void giveWay() {
        settled.reset();
        common.interrupt();
        if (state.isPrimary()) {
            stepDown(configuration.inSync(device.deviceId()) ? PgState.SECONDARY : PgState.LEFT_OUT);
        }
    }

    /// See [Following#ended].
    void primaryEnded(int primary, long session) {
        following.ended(primary, session);
    }

    /// See [Following#released].
    void released(int primary, long session, int upTo) {
        following.released(primary, session, upTo);
        if (state == PgState.PREPARING) {
            lookSoon();
        }
    }

    /// See [Following#refusal].
    @Nullable
    AnswerCode refusal(int messageEpoch, long session) {
        return following.refusal(messageEpoch, session);
    }

    /// The primary that is followed says what is settled: see [Settling].
    void settled(long bound) {
        settled.told(bound);
    }

    /// Tombstones of lower versions are of no use any more.
    long settledBelow() {
        return settled.bound();
    }

    /// The primary that is followed says what is common: see [Settling].
    void common(long bound) {
        common.told(bound);
    }

    /// A deletion that some copy may have missed leaves no trace here any more: what is compared from now
    /// on is compared in full, since a list of what was changed of late would not have it.
    void forgetsDeletion() {
        common.reset();
        final Reconciliation current = reconciliation;
        if (current != null && current.isPartial()) {
            current.breakOff();
        }
    }

    /// A copy has everything that this one has: it is told what is common, as far as that is known.
    void tellCommon(Copy copy) {
        if (common.bound() > 0 && device.completeness().isComplete(pg)) {
            common.tell(copy);
        }
    }

    /// Copies that were in sync have the same below this version.
    long commonBelow() {
        return common.bound();
    }

    // Changes on this device, in whatever role.

    void applyingBegins() {
        changes++;
        following.applyingBegins();
    }

    void applied(long version) {
        changes++;
        following.applyingEnds();
        seen(version);
    }

    /// Rises whenever a change begins or ends on this device.
    long changes() {
        return changes;
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
        open.add(change);
    }

    /// A change has ended.
    void closed(Change change) {
        open.remove(change);
    }

    /// The version of a change that is to be applied now.
    long nextVersion(Change change) {
        open.renew(change);
        counter++;
        return Versions.of(configuration.epoch(), counter);
    }

    /// The version of the change that comes next.
    long nextVersion() {
        return Versions.of(configuration.epoch(), counter + 1);
    }

    /// See which changes miss nothing any more.
    void recheck() {
        if (!isConfiguring) {
            open.settle();
        }
    }

    /// A copy follows now: it gets what it has missed, in order.
    void copyFollows(Copy copy) {
        seen(copy.highest());
        open.sendAll();
        if (state == PgState.PREPARING) {
            lookSoon();
        }
    }

    /// Look at what waits as soon as what is under way has returned, and not only when it is time to.
    private void lookSoon() {
        device.reactor().post(() -> tick(device.nowNs()));
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
        open.tick(nowNs);
        if (hasFailedHere && !isLastCopy() && nowNs - nextWishNs >= 0) {
            nextWishNs = nowNs + device.settings().wishNs();
            wishRemoved(device.deviceId());
        }
        if (state == PgState.PREPARING) {
            prepare(nowNs);
        } else if (state == PgState.RECONCILING && !recruits.allFollow()) {
            reconciliation = null;
            become(PgState.PREPARING);
        } else if (state == PgState.SERVING && recruits.isStuck(nowNs)) {
            standBack();
        } else if (state == PgState.SERVING && reconciliation == null) {
            recruit();
        }
        settled.tick(nowNs);
        common.tick(nowNs);
        final Reconciliation current = reconciliation;
        if (current != null) {
            current.tick();
        }
    }

    /// Wait for the copies in sync; while one is silent, bring in another one that could stand in for it.
    private void prepare(long nowNs) {
        if (earlier.mayBeGranted(configuration, nowNs) || !following.isPromiseOver(nowNs) || !open.isEmpty()) {
            return;
        }
        if (recruits.allFollow()) {
            recruits.endComparisons();
            become(PgState.RECONCILING);
            reconciliation = new Reconciliation(this, null);
        } else if (reconciliation == null && recruits.isOneSilent(nowNs)) {
            recruit();
        }
    }

    /// Serve no more, and take over anew in the same configuration: what is under way waits for a copy
    /// that is silent, and keeps others from being brought in.
    private void standBack() {
        reconciliation = null;
        device.forgetIdentities(pg);
        become(PgState.SECONDARY);
        open.abandon();
        recruits.endComparisons();
        become(PgState.PREPARING);
    }

    /// Compare what may differ.
    private void recruit() {
        final Copy copy = recruits.next();
        if (copy != null) {
            copy.compare(nextVersion());
            reconciliation = new Reconciliation(this, copy);
        }
    }

    /// Whether a change need not be on a copy though that one is in sync. While this primary does not
    /// serve, only it changes anything, for a copy that it brings in: a silent copy is compared with it
    /// before it serves, or is let go.
    boolean doesWithout(Copy copy) {
        return state == PgState.PREPARING && copy.isInSync() && !copy.isFollowing();
    }

    /// Whether every change before a version has ended, so that it can be seen on the copies.
    boolean isSettledBefore(long version) {
        return open.noneAppliesBelow(version);
    }

    /// Whether every change below a version has ended for good: none is being taken back either.
    boolean isDecidedBelow(long version) {
        return open.noneBegunBelow(version);
    }

    /// Whether this primary serves, and every copy is in sync, follows, is known to have what this one
    /// has, and that is everything.
    boolean isWhole() {
        if (!isServing() || reconciliation != null || configuration.inSyncCount() < configuration.count()) {
            return false;
        }
        for (final Copy copy : copies) {
            if (copy != null && (!copy.isVerified() || !copy.isFollowing() || copy.hasFailed())) {
                return false;
            }
        }
        return !hasFailedHere && device.completeness().isComplete(pg);
    }

    /// Whether another copy is known to have everything.
    boolean hasVerifiedCopy() {
        for (final Copy copy : copies) {
            if (copy != null && copy.isVerified()) {
                return true;
            }
        }
        return false;
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
            recruits.goesOn();
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

    /// Say how far the copy is that is brought up to date, if there is one.
    void show(RepairView view) {
        if (reconciliation != null) {
            reconciliation.show(view);
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
                + " of " + epoch + ", " + following
                + (reconciliation == null ? "" : ", " + reconciliation));
        for (final Copy copy : copies) {
            text.append(copy == null ? "" : "; " + copy);
        }
        return text.append(open).toString();
    }
}
