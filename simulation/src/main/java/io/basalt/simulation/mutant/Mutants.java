package io.basalt.simulation.mutant;

import io.basalt.simulation.mutant.Edit.CallsInstead;
import io.basalt.simulation.mutant.Edit.Counts;
import io.basalt.simulation.mutant.Edit.Holds;
import io.basalt.simulation.mutant.Edit.Keeps;
import io.basalt.simulation.mutant.Edit.Passes;
import io.basalt.simulation.mutant.Edit.Returns;
import io.basalt.simulation.mutant.Edit.Yields;
import java.util.ArrayList;
import java.util.List;

/// All deliberate mistakes.
final class Mutants {
    private static final long LONG_LEASE_NS = 3_000_000_000L;

    private Mutants() {}

    static List<Mutant> all() {
        final List<Mutant> all = new ArrayList<>();
        all.addAll(acknowledging());
        all.addAll(configurations());
        all.addAll(leases());
        all.addAll(fences());
        all.addAll(identities());
        all.addAll(comparing());
        all.addAll(tombstones());
        all.addAll(store());
        all.addAll(recovery());
        all.addAll(network());
        all.addAll(metaserver());
        all.addAll(gate());
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
                        new Holds("isHere", true)),
                Mutant.of(
                        rule,
                        "acknowledges although fewer copies are in sync than a change must be on",
                        "chunk.PgReplica",
                        "isShort",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "takes a copy that is being brought up to date for one that needs no changes",
                        "chunk.Copy",
                        "isNeededFor",
                        new Holds("joining", false)),
                Mutant.of(
                        rule,
                        "overlapping requests run at the same time",
                        "chunk.ReplicationRules",
                        "mustWait",
                        new Returns(false)),
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
                        new Keeps("failed")),
                Mutant.of(
                        rule,
                        "a primary whose own disk gave an error stays primary",
                        "chunk.PgReplica",
                        "failedHere",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a copy that begins to follow does not get what it has missed",
                        "chunk.Change",
                        "sendAll",
                        new Yields("isToSend", false)));
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
                        "a primary goes on serving when a copy knows a newer epoch",
                        "chunk.PgReplica",
                        "superseded",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a primary goes on in a configuration whose copies it does not know",
                        "chunk.PgReplica",
                        "isContinuedBy",
                        new Returns(true)),
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
                        new Yields("isPrimary", true)),
                Mutant.of(
                                rule,
                                "a read is answered by a device that has ceased to serve meanwhile",
                                "chunk.Read",
                                "stored",
                                new Yields("isServing", true))
                        .and("chunk.Read", "done", new Yields("mayRead", true)),
                Mutant.of(
                        rule,
                        "requests for a placement group that is not served are executed",
                        "chunk.ClientRequests",
                        "refusal",
                        new Yields("isServing", true)));
    }

    private static List<Mutant> leases() {
        final String rule = "leases";
        return List.of(
                Mutant.of(rule, "reads are served without a lease", "chunk.PgReplica", "mayRead", new Returns(true)),
                Mutant.of(
                        rule,
                        "a read that took long is answered although the lease is over",
                        "chunk.Read",
                        "done",
                        new Yields("mayRead", true)),
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
                        new Yields("leaseNs", LONG_LEASE_NS)),
                Mutant.of(
                        rule,
                        "a promise that is not kept everywhere is given anew",
                        "chunk.Promises",
                        "left",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a primary serves while it still owes to another one what it promised",
                        "chunk.PgReplica",
                        "tick",
                        new Yields("isPromiseOver", true)));
    }

    private static List<Mutant> fences() {
        final String rule = "fences";
        return List.of(
                Mutant.of(
                        rule,
                        "requests of older attachments are executed",
                        "chunk.ReplicationRules",
                        "isFenced",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "a device does not note generations that it is told",
                        "chunk.ChunkDevice",
                        "generationRaised",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a device serves before it knows all generations",
                        "chunk.ChunkDevice",
                        "isOpen",
                        new Holds("generationsKnown", true)),
                Mutant.of(
                        rule,
                        "a change that has waited is applied although a newer attachment was granted meanwhile",
                        "chunk.Change",
                        "isSuperseded",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "an attachment is granted before chunk servers have acknowledged it",
                        "meta.service.Fences",
                        "knownToAll",
                        new Returns(Long.MAX_VALUE)),
                Mutant.of(
                        rule,
                        "an attachment is granted although all copies of a placement group may be unaware of it",
                        "meta.service.Fences",
                        "covered",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "a chunk server that comes back counts before it knows the generations",
                        "meta.service.Fences",
                        "caughtUp",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "a gate goes on when it hears that it was fenced",
                        "gate.cluster.ClusterVolume",
                        "fencedBy",
                        new Returns(null)));
    }

    private static List<Mutant> identities() {
        final String rule = "identities";
        return List.of(
                Mutant.of(
                        rule,
                        "a change that comes again is executed again",
                        "chunk.ClientRequests",
                        "isRepeated",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "a change that was given up counts as executed",
                        "chunk.Change",
                        "end",
                        new Passes("ended", null)),
                Mutant.of(
                        rule,
                        "what was executed as primary once counts when the device is primary again",
                        "chunk.ChunkDevice",
                        "forgetIdentities",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a change that comes late, after its gate has its answer, is executed",
                        "chunk.IdentityWindow",
                        "isBelow",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "a request to the metaserver that comes again is executed again",
                        "meta.state.RequestHistory",
                        "find",
                        new Returns(null)));
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
                        new Keeps("isUnverified")),
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
                        "chunk.Change",
                        "isAsKept",
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
                        new CallsInstead("max", "min")),
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
                        new Returns(true)),
                Mutant.of(
                                rule,
                                "a copy that is not compared to its end joins",
                                "chunk.Copy",
                                "compare",
                                new Keeps("joined"))
                        .and("chunk.Copy", "tick", new Holds("joined", true)),
                Mutant.of(
                        rule,
                        "a corrupt block is not read from another copy",
                        "chunk.Read",
                        "stored",
                        new Yields("askOthers", null)));
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
                        rule,
                        "shards of deleted volumes are never freed",
                        "chunk.Sweep",
                        "deleted",
                        new Returns(null)));
    }

    private static List<Mutant> store() {
        final String rule = "store";
        return List.of(
                Mutant.of(
                        rule,
                        "checksums are not compared when content is read",
                        "store.chunk.BlockReader",
                        "verify",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "checksums do not say where content belongs",
                        "store.chunk.Checksums",
                        "binding",
                        new Returns(0)),
                Mutant.of(
                        rule,
                        "what the disk's cache holds counts as durable",
                        "store.chunk.DeviceIo",
                        "range",
                        new Passes("durable", false)),
                Mutant.of(
                        rule,
                        "acknowledges before the log record is on the disk",
                        "store.chunk.BlockWriter",
                        "note",
                        new Keeps("parts")),
                Mutant.of(
                        rule,
                        "positions are used again while recovery may still judge by them",
                        "store.chunk.Frame",
                        "expose",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "the old content's position is given up while the new one is being written",
                        "store.chunk.BlockWriter",
                        "replaced",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "checkpoints take pages that miss changes of their time",
                        "store.chunk.Checkpoint",
                        "isReady",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "checkpoints count the log block that is being filled as in the pages",
                        "store.chunk.Checkpoint",
                        "start",
                        new CallsInstead("fillingLsn", "nextLsn")),
                Mutant.of(
                                rule,
                                "a page is written over its only image",
                                "store.chunk.Checkpoint",
                                "write",
                                new Passes("pageOffset", 0L))
                        .and("store.chunk.PageCache", "load", new Passes("pageOffset", 0L)),
                Mutant.of(
                        rule,
                        "slots of discarded shards are never free again",
                        "store.chunk.SlotPool",
                        "free",
                        new Keeps("freeCount")),
                Mutant.of(
                        rule,
                        "blocks have no versions of their own",
                        "store.chunk.PageLayout",
                        "blockVersion",
                        new Returns(0L)));
    }

    private static List<Mutant> recovery() {
        final String rule = "recovery";
        return List.of(
                Mutant.of(
                        rule,
                        "recovery takes every record for written, whatever its content is",
                        "store.chunk.ReplayLane",
                        "replay",
                        new Yields("places", false)),
                Mutant.of(
                        rule,
                        "recovery stops at the mark",
                        "store.chunk.LiveRecords",
                        "<init>",
                        new CallsInstead("last", "mark")),
                Mutant.of(
                        rule,
                        "recovery applies records that are in the pages already",
                        "store.chunk.ReplayLane",
                        "isReflected",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "recovery does not see that a part of the log is lost",
                        "store.chunk.LogScan",
                        "finish",
                        new Holds("mark", 0L)),
                Mutant.of(
                        rule,
                        "recovery does not see that a shard's record is lost",
                        "store.chunk.ReplayLane",
                        "checkOrder",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "log blocks are not checked",
                        "store.chunk.LogScan",
                        "keep",
                        new Yields("violation", null)),
                Mutant.of(
                        rule,
                        "metadata pages are not checked",
                        "store.chunk.PageCache",
                        "isExpected",
                        new Returns(true)),
                Mutant.of(
                        rule,
                        "log blocks are written without their checksum",
                        "store.chunk.LogLayout",
                        "seal",
                        new Returns(null)));
    }

    private static List<Mutant> network() {
        final String rule = "network";
        return List.of(
                Mutant.of(
                        rule,
                        "payloads are not checked",
                        "net.session.FrameReader",
                        "payloadComplete",
                        new Passes("payloadComplete", false)),
                Mutant.of(
                                rule,
                                "heads of frames are not checked",
                                "net.session.FrameReader",
                                "frame",
                                new Yields("headerCrc", 0))
                        .and("net.session.FrameReader", "frame", new Yields("of", 0)));
    }

    private static List<Mutant> metaserver() {
        final String rule = "metaserver";
        return List.of(
                Mutant.of(
                        rule,
                        "a configuration changes without a new epoch",
                        "meta.state.PgEdits",
                        "nextEpoch",
                        new Counts(1, 0)),
                Mutant.of(
                        rule,
                        "the wish of a primary of another epoch is granted",
                        "meta.state.PgRules",
                        "requireEpoch",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a copy leaves although too few others answer",
                        "meta.state.FailOver",
                        "requireDispensable",
                        new Returns(null)));
    }

    private static List<Mutant> gate() {
        final String rule = "gate";
        return List.of(
                Mutant.of(
                        rule,
                        "changes are tried again in any order",
                        "gate.cluster.RetryOrder",
                        "mustWait",
                        new Returns(false)),
                Mutant.of(
                        rule,
                        "unsettled changes do not wait for each other",
                        "gate.cluster.RetryOrder",
                        "goesBefore",
                        new Yields("sentAs", 0L)),
                Mutant.of(
                        rule,
                        "what is in flight behind an unsettled change is not taken back",
                        "gate.cluster.RetryOrder",
                        "takeBack",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a change whose connection broke counts as not executed",
                        "gate.cluster.PieceRouter",
                        "ended",
                        new Yields("unsettle", null)),
                Mutant.of(
                        rule,
                        "a change that a former primary gave up counts as not executed",
                        "gate.cluster.PieceRouter",
                        "answered",
                        new Yields("unsettle", null)),
                Mutant.of(
                        rule,
                        "changes under way when the primary moves count as not executed",
                        "gate.cluster.ClusterChannel",
                        "unsettleMoved",
                        new Returns(null)),
                Mutant.of(
                        rule,
                        "a refusal for a stale map is taken for an answer",
                        "gate.cluster.PieceRouter",
                        "misdirected",
                        new Yields("awaitMap", null)));
    }
}
