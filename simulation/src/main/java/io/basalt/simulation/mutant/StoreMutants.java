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

/// Deliberate mistakes in what is on disks and on the wire.
final class StoreMutants {
    private StoreMutants() {}

    static List<Mutant> all() {
        final List<Mutant> all = new ArrayList<>();
        all.addAll(store());
        all.addAll(recovery());
        all.addAll(network());
        return all;
    }

    private static List<Mutant> store() {
        final String rule = "store";
        return List.of(
                Mutant.of(
                                rule,
                                "checksums are not compared when content is read",
                                "store.chunk.BlockReader",
                                "verify",
                                new Returns(null))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
                Mutant.of(
                                rule,
                                "checksums do not say where content belongs",
                                "store.chunk.Checksums",
                                "binding",
                                new Returns(0))
                        .in(ScenarioKind.LIES_AND_DISCARDS, ScenarioKind.SWARM),
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
                                new Returns(null))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
                Mutant.of(
                                rule,
                                "log blocks are not checked",
                                "store.chunk.LogScan",
                                "keep",
                                new Yields("violation", null))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
                Mutant.of(
                                rule,
                                "metadata pages are not checked",
                                "store.chunk.PageCache",
                                "isExpected",
                                new Returns(true))
                        .in(ScenarioKind.FLIPS, ScenarioKind.LIES_AND_DISCARDS),
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
}
