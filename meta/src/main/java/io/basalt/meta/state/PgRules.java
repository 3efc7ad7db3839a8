package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.ChangePgs;
import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.PgEdits.Configuration;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// Commands that change the configurations of placement groups one by one.
///
/// Every change raises the group's epoch by one, and is granted only to who knows the epoch that holds.
/// [FailOver] says which copies may leave the in-sync set.
///
/// **Moves.** A copy that moves and is not in sync gives its place up at once. One that is in sync stays,
/// and the new device gets the guest's place; it takes over in the same epoch in which it joins.
final class PgRules {
    private static final String GET_MAP = "get the newest map";

    private final Tables tables;

    PgRules(Tables tables) {
        this.tables = tables;
    }

    CommandResult apply(ChangePg command) {
        final SetRecord set =
                requirePg(command.change().setId(), command.change().pg());
        final PgEdits edits = new PgEdits(set.map());
        final CommandResult result = change(edits, command.change());
        commit(set, edits);
        return result;
    }

    CommandResult apply(ChangePgs command) {
        final NavigableMap<Integer, PgEdits> edits = new TreeMap<>();
        final List<CommandResult> results = new ArrayList<>(command.changes().size());
        for (final PgChange change : command.changes()) {
            results.add(attempt(() -> {
                final SetRecord set = requirePg(change.setId(), change.pg());
                return change(edits.computeIfAbsent(set.id(), ignored -> new PgEdits(set.map())), change);
            }));
        }
        edits.forEach((setId, each) -> commit(tables.requireSet(setId), each));
        return CommandResult.ok(results.size()).withParts(results);
    }

    CommandResult apply(MovePgs command) {
        final SetRecord set = tables.sets.get(command.setId());
        if (set == null) {
            throw new Refusal(MetaCode.NOT_FOUND, "set", "there is no set " + command.setId(), "list the sets");
        }
        final PgEdits edits = new PgEdits(set.map());
        final List<CommandResult> results = new ArrayList<>(command.moves().size());
        for (final MovePgs.Move move : command.moves()) {
            results.add(attempt(() -> move(edits, requirePg(set.id(), move.pg()), move)));
        }
        commit(set, edits);
        return CommandResult.ok(results.size()).withParts(results);
    }

    private interface Step {
        CommandResult take();
    }

    private static CommandResult attempt(Step step) {
        try {
            return step.take();
        } catch (Refusal refusal) {
            return refusal.result();
        }
    }

    private void commit(SetRecord set, PgEdits edits) {
        if (!edits.isEmpty()) {
            tables.changeMap(set, edits.into(set.map().toBuilder()).build());
        }
    }

    private SetRecord requirePg(int setId, int pg) {
        final SetRecord set = tables.sets.get(setId);
        if (set == null || pg >= set.map().pgCount() || set.map().epoch(pg) == 0) {
            throw new Refusal(
                    MetaCode.NOT_FOUND, "pg", "there is no placement group " + pg + " in set " + setId, GET_MAP);
        }
        return set;
    }

    private CommandResult change(PgEdits edits, PgChange change) {
        final Configuration now = edits.of(change.pg());
        final int index = now.indexOf(change.deviceId());
        if (now.epoch() == change.epoch() + 1 && index >= 0 && holds(now, change, index)) {
            // The same wish, come twice; or somebody else's that amounts to the same.
            return CommandResult.ok(now.epoch());
        }
        requireEpoch(change.pg(), now, change.epoch());
        requireReplica(change.pg(), index, change.deviceId());
        if (change.kind() == PgChange.Kind.REMOVE_FROM_IN_SYNC && !now.inSync(index)) {
            takeBack(edits, change.pg(), now);
        } else if (!holds(now, change, index)) {
            switch (change.kind()) {
                case REMOVE_FROM_IN_SYNC -> remove(edits, change.pg(), now, index);
                case ADD_TO_IN_SYNC -> add(edits, change.pg(), now, index);
                case MAKE_PRIMARY -> makePrimary(edits, change.pg(), now, index);
            }
        }
        return CommandResult.ok(edits.of(change.pg()).epoch());
    }

    /// A primary has wished for a copy to be in sync, and does not want it any more before it knows what
    /// has become of that. In a new epoch, which is as the one before, the wish cannot be granted late.
    private void takeBack(PgEdits edits, int pg, Configuration now) {
        if (tables.commandVersion >= FailOver.KEEPS_SILENT_COPIES) {
            edits.put(pg, now.replicas(), now.inSyncMask());
        }
    }

    private static boolean holds(Configuration now, PgChange change, int index) {
        return switch (change.kind()) {
            case REMOVE_FROM_IN_SYNC -> !now.inSync(index);
            case ADD_TO_IN_SYNC -> now.inSync(index);
            case MAKE_PRIMARY -> now.primary() == change.deviceId();
        };
    }

    private void remove(PgEdits edits, int pg, Configuration now, int index) {
        requireDispensable(edits, pg, now, index);
        edits.put(pg, now.replicas(), now.inSyncMask() & ~(1 << index));
    }

    private void requireDispensable(PgEdits edits, int pg, Configuration now, int index) {
        final int minCopies = tables.minCopies(edits.map());
        FailOver.requireDispensable(pg, now.replicas(), now.inSyncMask(), index, minCopies, tables.deviceView());
    }

    /// A copy that joins may be the one that lets others go: those that do not answer, and the one that
    /// it replaces.
    private void add(PgEdits edits, int pg, Configuration now, int index) {
        requireAnswers(now.replicas().device(index));
        final int mask = FailOver.settled(
                now.replicas(),
                now.inSyncMask() | 1 << index,
                tables.minCopies(edits.map()),
                tables.deviceView(),
                tables.commandVersion);
        final int guest = now.replicas().size() - 1;
        final boolean guestJoins = guest >= edits.map().copies() && (mask >>> guest & 1) != 0;
        final int leaving = guestJoins ? leaving(edits.map(), now.replicas()) : -1;
        if (leaving >= 0 && isDispensable(edits.map(), now.replicas(), mask, leaving)) {
            final ReplicaSet replicas = guestInPlaceOf(now.replicas(), leaving);
            putKeepingPrimary(edits, pg, now, replicas, guestFlagInPlaceOf(mask, guest, leaving));
        } else {
            putKeepingPrimary(edits, pg, now, now.replicas(), mask);
        }
    }

    /// Whoever joins does not take the lead by that, as it did in version 2 if it came first in the row:
    /// it would have to serve from that moment on, though its process may have begun a moment ago.
    private void putKeepingPrimary(PgEdits edits, int pg, Configuration now, ReplicaSet replicas, int mask) {
        final int primary = replicas.indexOf(now.primary());
        if (tables.commandVersion < FailOver.KEEPS_SILENT_COPIES || primary < 0 || (mask >>> primary & 1) == 0) {
            edits.put(pg, replicas, mask);
        } else {
            edits.put(pg, PgEdits.toFront(replicas, primary), PgEdits.maskToFront(mask, primary));
        }
    }

    /// Whether a replica may lose its place: enough others are in sync, or, if it is not in sync itself,
    /// could be. One that is not in sync counts, too: [FailOver] may wait for it.
    private boolean isDispensable(ClusterMap map, ReplicaSet replicas, int mask, int index) {
        final boolean isInSync = (mask >>> index & 1) != 0;
        final int candidates = isInSync ? mask : (1 << replicas.size()) - 1;
        final int others = candidates & ~(1 << index);
        return FailOver.answering(replicas, others, tables.deviceView()) >= tables.minCopies(map);
    }

    private void makePrimary(PgEdits edits, int pg, Configuration now, int index) {
        final int device = now.replicas().device(index);
        if (!now.inSync(index)) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "device",
                    device + " is not in sync for pg " + pg,
                    "only a copy that is in sync can serve");
        }
        requireAnswers(device);
        edits.put(pg, PgEdits.toFront(now.replicas(), index), PgEdits.maskToFront(now.inSyncMask(), index));
    }

    private CommandResult move(PgEdits edits, SetRecord set, MovePgs.Move move) {
        final Configuration now = edits.of(move.pg());
        requireEpoch(move.pg(), now, move.epoch());
        final int from = now.indexOf(move.from());
        requireReplica(move.pg(), from, move.from());
        if (move.to() == MovePgs.NOWHERE) {
            giveUp(edits, move.pg(), now, from);
            return CommandResult.ok(edits.of(move.pg()).epoch());
        }
        final Device to = set.map().device(move.to());
        if (to == null
                || to.state() != DeviceState.UP_IN
                || !tables.deviceView().answers(to.id())) {
            throw new Refusal(MetaCode.CONFLICT, "device", move.to() + " takes no copies at present", "choose another");
        }
        if (now.indexOf(move.to()) >= 0 || now.replicas().size() > set.map().copies()) {
            throw new Refusal(
                    MetaCode.CONFLICT, "pg", move.pg() + " is moving already, or has a copy there", "wait for it");
        }
        final int[] devices = now.replicas().toArray();
        if (now.inSync(from)) {
            final int[] more = Arrays.copyOf(devices, devices.length + 1);
            more[devices.length] = move.to();
            edits.put(move.pg(), ReplicaSet.of(more), now.inSyncMask());
        } else {
            devices[from] = move.to();
            edits.put(move.pg(), ReplicaSet.of(devices), now.inSyncMask());
        }
        return CommandResult.ok(edits.of(move.pg()).epoch());
    }

    /// Take a replica away that is one too many.
    private void giveUp(PgEdits edits, int pg, Configuration now, int index) {
        final int copies = edits.map().copies();
        final boolean isSpare =
                now.replicas().size() > copies && (!now.inSync(index) || Integer.bitCount(now.inSyncMask()) > copies);
        if (!isSpare) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "device",
                    now.replicas().device(index) + " is not one too many for pg " + pg,
                    "name a device to move to");
        }
        if (now.inSync(index)) {
            requireDispensable(edits, pg, now, index);
        }
        edits.put(pg, without(now.replicas(), index), maskWithout(now.inSyncMask(), index));
    }

    /// The replica that the guest takes over from: one on a device that is out, else on one that is
    /// draining; or -1.
    private static int leaving(ClusterMap map, ReplicaSet replicas) {
        int draining = -1;
        for (int index = replicas.size() - 2; index >= 0; index--) {
            final Device device = map.device(replicas.device(index));
            draining = device != null && device.state() == DeviceState.DRAINING ? index : draining;
        }
        for (int index = 0; index < replicas.size() - 1; index++) {
            final Device device = map.device(replicas.device(index));
            if (device != null && device.state() == DeviceState.OUT) {
                return index;
            }
        }
        return draining;
    }

    private void requireAnswers(int deviceId) {
        if (!tables.deviceView().answers(deviceId)) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "device",
                    deviceId + " does not answer: its node is down, or it has failed",
                    "ask again when it is back");
        }
    }

    private static void requireEpoch(int pg, Configuration now, int epoch) {
        if (now.epoch() != epoch) {
            throw new Refusal(
                    MetaCode.STALE_EPOCH,
                    "epoch",
                    "of pg " + pg + " is " + now.epoch() + ", not " + epoch,
                    "look at the newest map and decide anew");
        }
    }

    private static void requireReplica(int pg, int index, int deviceId) {
        if (index < 0) {
            throw new Refusal(MetaCode.NOT_FOUND, "device", deviceId + " keeps no copy of pg " + pg, GET_MAP);
        }
    }

    private static ReplicaSet guestInPlaceOf(ReplicaSet replicas, int index) {
        final int[] devices = replicas.toArray();
        devices[index] = devices[devices.length - 1];
        return ReplicaSet.of(Arrays.copyOf(devices, devices.length - 1));
    }

    private static int guestFlagInPlaceOf(int mask, int guest, int index) {
        assert (mask >>> guest & 1) != 0 : "a guest takes over once it is in sync";
        return (mask & ~(1 << guest)) | (1 << index);
    }

    private static ReplicaSet without(ReplicaSet replicas, int index) {
        final int[] devices = replicas.toArray();
        final int[] fewer = Arrays.copyOf(devices, devices.length - 1);
        System.arraycopy(devices, index + 1, fewer, index, fewer.length - index);
        return ReplicaSet.of(fewer);
    }

    private static int maskWithout(int mask, int index) {
        final int before = mask & ((1 << index) - 1);
        return before | (mask >>> (index + 1) << index);
    }
}
