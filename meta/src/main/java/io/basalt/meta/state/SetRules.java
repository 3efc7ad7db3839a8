package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.CreateSet;
import io.basalt.meta.state.MetaCommand.LayoutPgs;
import io.basalt.meta.state.MetaCommand.PatchSet;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.PgTable;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;

/// Commands about sets and the configurations of their placement groups.
///
/// Every change of a configuration raises the group's epoch by one, and is granted only to who knows the epoch that
/// holds. The last copy in sync stays in sync, whatever is asked.
final class SetRules {
    private final Tables tables;

    SetRules(Tables tables) {
        this.tables = tables;
    }

    CommandResult apply(CreateSet command) {
        Names.require("name", command.name());
        requireMinCopies(command.minCopies(), command.rule().copies());
        requireOvercommit(command.overcommitPercent());
        final SetRecord known = tables.set(command.name());
        if (known != null) {
            if (known.map().rule().equals(command.rule())) {
                return CommandResult.ok(known.id());
            }
            throw new Refusal(
                    MetaCode.EXISTS,
                    "name",
                    "set '" + command.name() + "' exists with another rule",
                    "choose another name; the rule of a set never changes");
        }
        if (tables.sets.size() >= Limits.SETS_MAX) {
            throw new Refusal(MetaCode.LIMIT, "sets", "there are " + Limits.SETS_MAX + " already", "");
        }
        final int id = ++tables.lastSetId;
        final ClusterMap map = ClusterMap.builder(command.rule()).build();
        tables.put(new SetRecord(id, command.name(), command.minCopies(), command.overcommitPercent(), 0, 0, map));
        tables.events.add(new MetaEvent.MapChanged(id, map, map));
        return CommandResult.ok(id);
    }

    CommandResult apply(PatchSet command) {
        final SetRecord set = tables.set(command.name());
        if (set == null) {
            throw new Refusal(MetaCode.NOT_FOUND, "set", "there is no set '" + command.name() + "'", "list the sets");
        }
        final int minCopies = command.minCopies() == 0 ? set.minCopies() : command.minCopies();
        final int overcommit = command.overcommitPercent() < 0 ? set.overcommitPercent() : command.overcommitPercent();
        requireMinCopies(minCopies, set.map().copies());
        requireOvercommit(overcommit);
        tables.put(set.withBounds(minCopies, overcommit));
        return CommandResult.ok(set.id());
    }

    CommandResult apply(LayoutPgs command) {
        final SetRecord set = tables.sets.get(command.setId());
        if (set == null) {
            throw new Refusal(MetaCode.NOT_FOUND, "set", "there is no set " + command.setId(), "list the sets");
        }
        if (set.map().version() != command.mapVersion()) {
            throw new Refusal(
                    MetaCode.STALE_EPOCH,
                    "map version",
                    "is " + set.map().version() + ", the layout was made for " + command.mapVersion(),
                    "compute it again");
        }
        if (set.volumeCount() > 0) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "set",
                    "has " + set.volumeCount() + " volumes, whose shards a new layout would lose",
                    "move placement groups one by one instead");
        }
        if (command.replicas().size() != set.map().pgCount()) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "replicas",
                    "are of " + command.replicas().size() + " placement groups, the set has "
                            + set.map().pgCount(),
                    "");
        }
        final ClusterMapBuilder builder = set.map().toBuilder();
        boolean changed = false;
        for (int pg = 0; pg < set.map().pgCount(); pg++) {
            final ReplicaSet replicas = ReplicaSet.of(command.replicas().get(pg));
            if (replicas.size() != set.map().copies()) {
                throw new Refusal(
                        MetaCode.BAD_REQUEST,
                        "replicas",
                        "of pg " + pg + " are " + replicas.size() + ", the set keeps "
                                + set.map().copies() + " copies",
                        "");
            }
            if (!replicas.equals(set.map().pgTable().replicas(pg))) {
                builder.pg(pg, nextEpoch(set.map().epoch(pg)), replicas, (1 << replicas.size()) - 1);
                changed = true;
            }
        }
        if (changed) {
            tables.changeMap(set, builder.build());
        }
        return CommandResult.ok(set.id());
    }

    CommandResult apply(ChangePg command) {
        final PgChange change = command.change();
        final SetRecord set = tables.sets.get(change.setId());
        if (set == null || change.pg() >= set.map().pgCount() || set.map().epoch(change.pg()) == 0) {
            throw new Refusal(
                    MetaCode.NOT_FOUND,
                    "pg",
                    "there is no placement group " + change.pg() + " in set " + change.setId(),
                    "get the newest map");
        }
        final PgTable table = set.map().pgTable();
        final int pg = change.pg();
        final int index = table.indexOf(pg, change.deviceId());
        final int epoch = table.epoch(pg);
        if (epoch == change.epoch() + 1 && index >= 0 && holds(table, change, index)) {
            // The same wish, come twice; or somebody else's that amounts to the same.
            return CommandResult.ok(epoch);
        }
        if (epoch != change.epoch()) {
            throw new Refusal(
                    MetaCode.STALE_EPOCH,
                    "epoch",
                    "of pg " + pg + " is " + epoch + ", not " + change.epoch(),
                    "look at the newest map and decide anew");
        }
        if (index < 0) {
            throw new Refusal(
                    MetaCode.NOT_FOUND,
                    "device",
                    change.deviceId() + " keeps no copy of pg " + pg,
                    "get the newest map");
        }
        if (holds(table, change, index)) {
            return CommandResult.ok(epoch);
        }
        tables.changeMap(set, changed(set.map(), change, index));
        return CommandResult.ok(epoch + 1L);
    }

    private static boolean holds(PgTable table, PgChange change, int index) {
        return switch (change.kind()) {
            case REMOVE_FROM_IN_SYNC -> !table.inSync(change.pg(), index);
            case ADD_TO_IN_SYNC -> table.inSync(change.pg(), index);
            case MAKE_PRIMARY -> table.primaryDevice(change.pg()) == change.deviceId();
        };
    }

    private static ClusterMap changed(ClusterMap map, PgChange change, int index) {
        final int pg = change.pg();
        final PgTable table = map.pgTable();
        final int mask = table.inSyncMask(pg);
        final int bit = 1 << index;
        final int epoch = nextEpoch(table.epoch(pg));
        return switch (change.kind()) {
            case REMOVE_FROM_IN_SYNC -> {
                if (mask == bit) {
                    throw new Refusal(
                            MetaCode.LAST_COPY,
                            "device",
                            change.deviceId() + " has the last good copy of pg " + pg,
                            "bring another copy back first; until then I/O to it waits");
                }
                yield map.withPg(pg, epoch, table.replicas(pg), mask & ~bit);
            }
            case ADD_TO_IN_SYNC -> map.withPg(pg, epoch, table.replicas(pg), mask | bit);
            case MAKE_PRIMARY -> {
                if ((mask & bit) == 0) {
                    throw new Refusal(
                            MetaCode.CONFLICT,
                            "device",
                            change.deviceId() + " is not in sync for pg " + pg,
                            "only a copy that is in sync can serve");
                }
                yield map.withPg(pg, epoch, toFront(table.replicas(pg), index), maskToFront(mask, index));
            }
        };
    }

    private static ReplicaSet toFront(ReplicaSet replicas, int index) {
        final int[] order = replicas.toArray();
        final int first = order[index];
        System.arraycopy(order, 0, order, 1, index);
        order[0] = first;
        return ReplicaSet.of(order);
    }

    /// The in-sync flags in the order that [#toFront] makes.
    private static int maskToFront(int mask, int index) {
        final int before = mask & ((1 << index) - 1);
        final int after = mask & -(1 << (index + 1));
        return after | (before << 1) | (mask >>> index & 1);
    }

    private static int nextEpoch(int epoch) {
        if (epoch >= PgTable.EPOCH_MAX) {
            throw new Refusal(
                    MetaCode.LIMIT,
                    "epoch",
                    "has reached its largest value, " + PgTable.EPOCH_MAX,
                    "move the data to another set");
        }
        return epoch + 1;
    }

    private static void requireMinCopies(int minCopies, int copies) {
        if (minCopies < 1 || minCopies > copies) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "minCopies",
                    "is " + minCopies,
                    "give 1 to " + copies + ", the number of copies");
        }
    }

    private static void requireOvercommit(int percent) {
        if (percent < 0) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "overcommitPercent",
                    "is " + percent,
                    "give percent of the capacity, or 0 for no bound");
        }
    }
}
