package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import io.basalt.simulation.mutant.Edit.CallsInstead;
import io.basalt.simulation.mutant.Edit.Holds;
import io.basalt.simulation.mutant.Edit.Keeps;
import io.basalt.simulation.mutant.Edit.Passes;
import io.basalt.simulation.mutant.Edit.Returns;
import io.basalt.simulation.mutant.Edit.Yields;
import java.util.ArrayList;
import java.util.List;

/// Deliberate mistakes in how copies are kept alike: who serves, what is acknowledged, what is compared.
final class ReplicationMutants {
    private static final long LONG_LEASE_NS = 3_000_000_000L;

    private ReplicationMutants() {}

    static List<Mutant> all() {
        final List<Mutant> all = new ArrayList<>();
        all.addAll(acknowledging());
        all.addAll(configurations());
        all.addAll(leases());
        all.addAll(comparing());
        all.addAll(tombstones());
        return all;
    }

    private static List<Mutant> acknowledging() {
        final String rule = "acknowledging";
        return List.of(
                Mutant.of(
                        rule,
                        "acknowledges before the other copies have it",
                        "chunk.Change",
                        "isEverywhere",
                        new Yields("isFor", false)),
                Mutant.of(
                                rule,
                                "acknowledges before its own disk has it",
                                "chunk.Change",
                                "isEverywhere",
                                new Holds("isHere", true))
                        .in(ScenarioKind.DISK_FAILURE, ScenarioKind.LONERS),
                Mutant.of(
                                rule,
                                "acknowledges although fewer copies are in sync than a change must be on",
                                "chunk.PgReplica",
                                "isShort",
                                new Returns(false))
                        .in(ScenarioKind.RETURNS, ScenarioKind.SWARM),
                Mutant.of(
                                rule,
                                "takes a copy that is being brought up to date for one that needs no changes",
                                "chunk.Copy",
                                "isNeededFor",
                                new Holds("joining", false))
                        .and("chunk.Copy", "mayBeInSync", new Holds("wished", false))
                        .in(ScenarioKind.RETURNS, ScenarioKind.LONERS),
                Mutant.of(
                                rule,
                                "overlapping requests run at the same time",
                                "chunk.ReplicationRules",
                                "mustWait",
                                new Returns(false))
                        .in(ScenarioKind.HAND_OFFS, ScenarioKind.RETRIES, ScenarioKind.LONERS),
                Mutant.of(
                        rule,
                        "a write of part of a block forgets the rest of it",
                        "chunk.ChangeContent",
                        "overlay",
                        new Returns(null)),
                Mutant.of(
                        rule, "new versions may be lower than old ones", "chunk.PgReplica", "seen", new Returns(null)),
                Mutant.of(
                                rule,
                                "a copy whose disk gave an error stays in sync",
                                "chunk.Copy",
                                "failed",
                                new Keeps("failed"))
                        .and("meta.service.Liveness", "reported", new Yields("failed", false))
                        .and("meta.service.Liveness", "differs", new Yields("failed", false))
                        .in(ScenarioKind.DISK_FAILURE),
                Mutant.of(
                                rule,
                                "a primary whose own disk gave an error stays primary",
                                "chunk.PgReplica",
                                "failedHere",
                                new Returns(null))
                        .and("meta.service.Liveness", "reported", new Yields("failed", false))
                        .and("meta.service.Liveness", "differs", new Yields("failed", false))
                        .in(ScenarioKind.DISK_FAILURE),
                Mutant.of(
                        rule,
                        "a copy that begins to follow does not get what it has missed",
                        "chunk.Change",
                        "sendAll",
                        new Yields("isToSend", false)),
                Mutant.of(
                                rule,
                                "versions do not say of which epoch they are",
                                "chunk.PgReplica",
                                "nextVersion",
                                new Yields("epoch", 1))
                        .in(ScenarioKind.RETURNS, ScenarioKind.LONERS),
                Mutant.of(
                                rule,
                                "a primary that takes over again in its epoch counts from the beginning",
                                "chunk.PgReplica",
                                "listed",
                                new Returns(null))
                        .in(ScenarioKind.LONERS, ScenarioKind.RETURNS));
    }

    private static List<Mutant> configurations() {
        final String rule = "configurations";
        return List.of(
                Mutant.of(
                                rule,
                                "messages of older epochs and of other sessions are obeyed",
                                "chunk.ReplicationRules",
                                "isStaleEpoch",
                                new Returns(false))
                        .and("chunk.ReplicationRules", "isForeignSession", new Returns(false)),
                Mutant.of(
                        rule,
                        "a device that is primary no longer finishes its changes",
                        "chunk.PgReplica",
                        "stepDown",
                        new Yields("abandon", null)),
                Mutant.of(
                                rule,
                                "a change whose turn comes begins although its device is not primary any more",
                                "chunk.Change",
                                "granted",
                                new Yields("isPrimary", true))
                        .in(ScenarioKind.LONG_LEASES, ScenarioKind.FAIL_OVERS, ScenarioKind.HAND_OFFS),
                Mutant.of(
                                rule,
                                "a copy that was wished for and may be recorded as in sync does not count",
                                "chunk.Copy",
                                "mayBeInSync",
                                new Holds("wished", false))
                        .in(ScenarioKind.RETURNS, ScenarioKind.LONG_LEASES),
                Mutant.of(
                        rule,
                        "a primary takes over before every copy in sync follows it",
                        "chunk.Recruits",
                        "allFollow",
                        new Returns(true)));
    }

    private static List<Mutant> leases() {
        final String rule = "leases";
        return List.of(
                Mutant.of(rule, "reads are served without a lease", "chunk.PgReplica", "mayRead", new Returns(true)),
                Mutant.of(
                        rule,
                        "another primary is followed while a promise runs",
                        "chunk.ReplicationRules",
                        "isPromiseOver",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "every connection that is lost counts as ended by a peer that is gone",
                        "net.session.Session",
                        "endedByPeer",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "promises of the life before are forgotten",
                        "chunk.ChunkDevice",
                        "graceUntilNs",
                        new Returns(0L)),
                Mutant.of(
                                rule,
                                "a primary believes that its lease is longer than what was promised",
                                "chunk.Lease",
                                "answered",
                                new Yields("leaseNs", LONG_LEASE_NS))
                        .and("chunk.Lease", "tick", new Yields("isSilent", null))
                        .in(ScenarioKind.FAIL_OVERS, ScenarioKind.LONG_LEASES),
                Mutant.of(
                        rule,
                        "a primary serves while it still owes to another one what it promised",
                        "chunk.PgReplica",
                        "prepare",
                        new Yields("isPromiseOver", true)),
                Mutant.of(
                                rule,
                                "copies renew the lease of a primary that they have left, and it goes on when it hears of that",
                                "chunk.Promises",
                                "left",
                                new Returns(null))
                        .and("chunk.PgReplica", "superseded", new Returns(null)));
    }

    private static List<Mutant> comparing() {
        final String rule = "comparing";
        return List.of(
                Mutant.of(
                        rule,
                        "serves without comparing the copies",
                        "chunk.Reconciliation",
                        "compare",
                        new Yields("isEmpty", true)),
                Mutant.of(
                                rule,
                                "a copy that has begun a new life is not compared",
                                "chunk.Copy",
                                "answered",
                                new Keeps("isUnverified"))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
                Mutant.of(
                        rule,
                        "a comparison does not wait for the changes before it",
                        "chunk.Reconciliation",
                        "tick",
                        new Yields("isSettledBefore", true)),
                Mutant.of(
                        rule,
                        "tombstones do not count where only newer shards are listed",
                        "chunk.Reconciliation",
                        "listedOne",
                        new Holds("from", 0L)),
                Mutant.of(
                        rule,
                        "a copy that comes back is given blocks that have changed meanwhile",
                        "chunk.StoreStep",
                        "hasOnly",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "shards that only other copies have are not compared",
                        "chunk.Reconciliation",
                        "listed",
                        new Yields("listedOne", null)),
                Mutant.of(
                                rule,
                                "the first copy's content wins, not the newest",
                                "chunk.Differences",
                                "sources",
                                new CallsInstead("max", "min"))
                        .in(ScenarioKind.LIES_AND_DISCARDS, ScenarioKind.RETURNS),
                Mutant.of(
                        rule,
                        "a copy joins when it was compared and not repaired",
                        "chunk.Differences",
                        "find",
                        new Returns(null)),
                Mutant.of(
                                rule,
                                "a copy that may lack shards counts as complete",
                                "chunk.Completeness",
                                "isComplete",
                                new Returns(true))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
                Mutant.of(
                                rule,
                                "a copy that is not compared to its end joins, and its primary goes on",
                                "chunk.Copy",
                                "compare",
                                new Keeps("joined"))
                        .and("chunk.Copy", "tick", new Holds("joined", true))
                        .and("chunk.PgReplica", "isContinuedBy", new Returns(true)),
                Mutant.of(
                                rule,
                                "a corrupt block is not read from another copy",
                                "chunk.Read",
                                "stored",
                                new Yields("askOthers", null))
                        .in(ScenarioKind.FLIPS),
                Mutant.of(
                        rule,
                        "a copy counts as having what is common whatever became of it",
                        "chunk.Copy",
                        "hasCommon",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "copies are not asked whether they have what is common",
                        "chunk.Reconciliation",
                        "haveCommon",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "what is common is told before every copy has it",
                        "chunk.Settling",
                        "tick",
                        new Yields("isWhole", true)),
                Mutant.of(
                                rule,
                                "blocks of which a copy has the right version are written again",
                                "chunk.Reconciliation",
                                "compared",
                                new Passes("version", 0L))
                        .in(ScenarioKind.RETURNS, ScenarioKind.MOVES),
                Mutant.of(
                        rule,
                        "a copy that has everything again is never wished for",
                        "chunk.Copy",
                        "tick",
                        new Yields("addToInSync", null)));
    }

    private static List<Mutant> tombstones() {
        final String rule = "tombstones";
        return List.of(
                Mutant.of(
                                rule,
                                "discards leave no tombstone",
                                "chunk.Change",
                                "applyHere",
                                new Passes("askDiscard", false))
                        .and("chunk.ReplicaOperation", "apply", new Passes("askDiscard", false)),
                Mutant.of(rule, "tombstones are dropped at once", "chunk.Sweep", "mayForget", new Returns(true)),
                Mutant.of(
                        rule,
                        "tombstones count as settled although a copy is away",
                        "chunk.PgReplica",
                        "isWhole",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "shards of volumes that exist are freed",
                        "chunk.Sweep",
                        "look",
                        new Yields("contains", true)),
                Mutant.of(
                        rule, "shards of deleted volumes are never freed", "chunk.Sweep", "deleted", new Returns(null)),
                Mutant.of(
                        rule,
                        "nobody is told what is settled, and tombstones stay for ever",
                        "chunk.Settling",
                        "tell",
                        new Returns(null)),
                Mutant.of(
                                rule,
                                "shards of placement groups that have moved away are never freed",
                                "chunk.ChunkDevice",
                                "isElsewhere",
                                new Returns(false))
                        .in(ScenarioKind.MOVES));
    }
}
