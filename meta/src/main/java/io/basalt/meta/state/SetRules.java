package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.CreateSet;
import io.basalt.meta.state.MetaCommand.LayoutPgs;
import io.basalt.meta.state.MetaCommand.PatchSet;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;

/// Commands about sets, and the layout of their placement groups.
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
        final ClusterMap map = ClusterMap.builder(command.rule())
                .minCopies(command.minCopies())
                .build();
        tables.put(new SetRecord(id, command.name(), command.overcommitPercent(), 0, 0, map));
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
        final SetRecord bounded = set.withOvercommit(overcommit);
        tables.put(bounded);
        if (minCopies != set.minCopies()) {
            final ClusterMap next = set.map().withMinCopies(minCopies);
            final PgEdits edits = new PgEdits(next);
            edits.settle(tables.deviceView(), tables.commandVersion);
            tables.changeMap(
                    bounded,
                    edits.into(set.map().toBuilder().minCopies(minCopies)).build());
        }
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
                builder.pg(pg, PgEdits.nextEpoch(set.map().epoch(pg)), replicas, (1 << replicas.size()) - 1);
                changed = true;
            }
        }
        if (changed) {
            tables.changeMap(set, builder.build());
        }
        return CommandResult.ok(set.id());
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
