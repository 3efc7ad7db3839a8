package io.basalt.meta.service;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.PgTable;
import io.basalt.wire.meta.RepairReport;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The copies that are not in sync and are to be: which, since when, and how the last ones ended. Read off the maps as
/// they change, since this metaserver leads; how far they are, as their primaries say. Nothing of it is kept.
public final class Repairs {
    /// How many of those that have ended are remembered.
    public static final int HISTORY_MAX = 100;

    private final NavigableMap<Key, Repair> active = new TreeMap<>();
    private final Deque<Repair> ended = new ArrayDeque<>();
    private long doneCount;
    private long doneMs;

    private record Key(int setId, int pg, int device) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            final int bySet = Integer.compare(setId, other.setId);
            final int byPg = bySet != 0 ? bySet : Integer.compare(pg, other.pg);
            return byPg != 0 ? byPg : Integer.compare(device, other.device);
        }
    }

    /// One copy that is not in sync, or was not.
    ///
    /// @param from the device that it replaces; 0 if it has been there before and only missed something
    /// @param to the device that it is on
    /// @param startedMs since when it is known not to be in sync, milliseconds since 1970
    /// @param endedMs since when it is in sync, or given up; 0 as long as it is neither
    /// @param done whether it is in sync now
    /// @param progress how far it is, or was when it ended
    public record Repair(
            int setId, int pg, int from, int to, long startedMs, long endedMs, boolean done, Progress progress) {
        Repair ended(long atMs, boolean nowDone) {
            return new Repair(setId, pg, from, to, startedMs, atMs, nowDone, progress);
        }

        Repair with(Progress newProgress) {
            return new Repair(setId, pg, from, to, startedMs, endedMs, done, newProgress);
        }
    }

    /// Those under way, by set, placement group and device.
    public List<Repair> active() {
        return List.copyOf(active.values());
    }

    /// How many are under way.
    public int activeCount() {
        return active.size();
    }

    /// Those that have ended last, the newest first.
    public List<Repair> ended() {
        return List.copyOf(ended);
    }

    /// How many copies have come in sync again since this metaserver leads.
    public long doneCount() {
        return doneCount;
    }

    /// How long one has taken on average, in milliseconds; 0 if none has come to its end yet.
    public long meanMs() {
        return doneCount == 0 ? 0 : doneMs / doneCount;
    }

    /// A primary has said how far a copy is. What is not known not to be in sync is passed over: it has just joined.
    void heard(RepairReport report, long nowMs) {
        for (final RepairReport.Progress copy : report.copies()) {
            active.computeIfPresent(
                    new Key(copy.setId(), copy.pg(), copy.deviceId()),
                    (key, repair) -> repair.with(repair.progress.heard(copy, nowMs)));
        }
    }

    /// Begin to lead: what is not in sync now has been so for an unknown time.
    void begin(MetaState state, long nowMs) {
        active.clear();
        ended.clear();
        doneCount = 0;
        doneMs = 0;
        for (final SetRecord set : state.sets()) {
            for (int pg = 0; pg < set.map().pgCount(); pg++) {
                look(set.id(), set.map(), set.map(), pg, nowMs);
            }
        }
    }

    /// A set has a newer map.
    void changed(int setId, ClusterMap before, ClusterMap after, long nowMs) {
        for (int pg = 0; pg < after.pgCount(); pg++) {
            if (before.epoch(pg) != after.epoch(pg)) {
                look(setId, before, after, pg, nowMs);
            }
        }
    }

    private void look(int setId, ClusterMap before, ClusterMap after, int pg, long nowMs) {
        final PgTable table = after.pgTable();
        final Iterator<Repair> known = active.subMap(new Key(setId, pg, 0), new Key(setId, pg + 1, 0))
                .values()
                .iterator();
        while (known.hasNext()) {
            final Repair repair = known.next();
            final int index = table.indexOf(pg, repair.to);
            if (index < 0 || table.inSync(pg, index)) {
                known.remove();
                end(repair.ended(nowMs, index >= 0));
            }
        }
        for (int index = 0; index < table.replicaCount(pg); index++) {
            final int device = table.replica(pg, index);
            final Key key = new Key(setId, pg, device);
            if (!table.inSync(pg, index) && !active.containsKey(key)) {
                final int from = replaced(before, after, pg, device);
                active.put(key, new Repair(setId, pg, from, device, nowMs, 0, false, Progress.NONE));
            }
        }
    }

    private void end(Repair repair) {
        if (repair.done) {
            doneCount++;
            doneMs += Math.max(0, repair.endedMs - repair.startedMs);
        }
        ended.addFirst(repair);
        if (ended.size() > HISTORY_MAX) {
            ended.removeLast();
        }
    }

    /// The device that a new replica stands in for: the one that has left, or the one that is to leave.
    private static int replaced(ClusterMap before, ClusterMap after, int pg, int device) {
        final PgTable table = after.pgTable();
        final boolean isNew =
                before.pgTable().epoch(pg) != 0 && before.pgTable().indexOf(pg, device) < 0;
        final boolean isGuest = table.indexOf(pg, device) >= after.copies();
        if (!isNew && !isGuest) {
            return 0;
        }
        for (int index = 0; index < before.pgTable().replicaCount(pg); index++) {
            if (table.indexOf(pg, before.replica(pg, index)) < 0) {
                return before.replica(pg, index);
            }
        }
        for (int index = 0; index < table.replicaCount(pg); index++) {
            final var place = after.device(table.replica(pg, index));
            if (place != null && !place.state().in()) {
                return place.id();
            }
        }
        return 0;
    }
}
