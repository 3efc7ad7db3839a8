package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import io.basalt.simulation.mutant.Edit.Counts;
import io.basalt.simulation.mutant.Edit.Holds;
import io.basalt.simulation.mutant.Edit.Passes;
import io.basalt.simulation.mutant.Edit.Returns;
import io.basalt.simulation.mutant.Edit.Yields;
import java.util.ArrayList;
import java.util.List;

/// Deliberate mistakes in who may write, how often a change is executed, and what the metaserver and gates decide.
final class ControlMutants {
    private static final long FOR_EVER_NS = 1L << 60;

    private ControlMutants() {}

    static List<Mutant> all() {
        final List<Mutant> all = new ArrayList<>();
        all.addAll(fences());
        all.addAll(identities());
        all.addAll(metaserver());
        all.addAll(gate());
        return all;
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
                        "a change that was executed is not remembered",
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
                                "a change that was executed is not remembered, nor that its gate has its answer",
                                "chunk.IdentityWindow",
                                "isBelow",
                                new Returns(false))
                        .and("chunk.Change", "end", new Passes("ended", null)),
                Mutant.of(
                        rule,
                        "a request to the metaserver that comes again is executed again",
                        "meta.state.RequestHistory",
                        "find",
                        new Returns(null)));
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
                Mutant.of(rule, "copies that are one too many stay", "meta.service.Moves", "tidy", new Returns(null))
                        .in(ScenarioKind.MOVES),
                Mutant.of(
                                rule,
                                "copies stay on devices that are drained",
                                "meta.service.Moves",
                                "leaving",
                                new Returns(-1))
                        .in(ScenarioKind.MOVES),
                Mutant.of(
                                rule,
                                "the copies of a device that is away for long are not made anew",
                                "meta.service.Absences",
                                "look",
                                new Holds("outAfterNs", FOR_EVER_NS))
                        .in(ScenarioKind.MOVES),
                Mutant.of(
                                rule,
                                "a device that was out and answers again stays out",
                                "meta.state.NodeRules",
                                "stateOf",
                                new Yields("outByItself", false))
                        .in(ScenarioKind.MOVES),
                Mutant.of(
                                rule,
                                "copies that do not answer never leave by themselves",
                                "meta.state.PgEdits",
                                "settle",
                                new Returns(null))
                        .in(ScenarioKind.RETURNS, ScenarioKind.LONERS),
                Mutant.of(
                                rule,
                                "what devices say about their use is not recorded",
                                "meta.service.Liveness",
                                "reported",
                                new Returns(null))
                        .in(ScenarioKind.SWARM),
                Mutant.of(
                                rule,
                                "a device that its node does not present any more is not recorded as failed",
                                "meta.service.Liveness",
                                "recordMissing",
                                new Returns(null))
                        .in(ScenarioKind.FLIPS, ScenarioKind.SWARM));
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
