package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import io.basalt.simulation.mutant.Edit.Holds;
import io.basalt.simulation.mutant.Edit.Keeps;
import io.basalt.simulation.mutant.Edit.Returns;
import io.basalt.simulation.mutant.Edit.Yields;
import java.util.List;

/// Deliberate mistakes in how a gate is handed over. What a ring's server does stands for the gate's
/// queues, which the simulation does not run.
final class HandOverMutants {
    private static final String RULE = "hand-over";

    private HandOverMutants() {}

    static List<Mutant> all() {
        return List.of(
                of(
                        "a ring is let go of before its requests have finished",
                        "simulation.RingServer",
                        "stopIfDrained",
                        new Holds("inFlight", 0)),
                of(
                        "what a process that died had under way is forgotten",
                        "simulation.RingServer",
                        "runFromRecord",
                        new Yields("forEach", null)),
                of(
                        "a disk that the new process may have run goes on as if it had not",
                        "gate.handover.Handover",
                        "suspended",
                        new Keeps("sent")),
                of(
                                "the old gate does not notice that the new one was the gate",
                                "gate.handover.Handover",
                                "resume",
                                new Holds("served", false))
                        .and("gate.handover.Handover", "ranOrServed", new Holds("served", false)),
                of(
                        "what the new gate said before it died is not read",
                        "gate.handover.Handover",
                        "resume",
                        new Yields("readRest", null)),
                of(
                        "the old gate goes on serving when the new one is the gate",
                        "gate.handover.Handover",
                        "finish",
                        new Yields("surrender", null)),
                of(
                        "the new gate is the gate as soon as it runs a disk",
                        "gate.handover.Takeover",
                        "taken",
                        new Holds("orphaned", true)),
                of(
                        "the new gate waits for an old one that has died",
                        "gate.handover.Takeover",
                        "oldGateEnded",
                        new Keeps("orphaned")),
                of(
                        "the generation stays as it was when a disk is taken back",
                        "gate.handover.ClusterGiver",
                        "suspended",
                        new Yields("rest", null)),
                of(
                        "an attachment is left to the new process though changes of the old one may come late",
                        "gate.cluster.ClusterVolume",
                        "isSettled",
                        new Returns(true)),
                of(
                        "a disk that was let go of is not attached again",
                        "gate.handover.ClusterGiver",
                        "resume",
                        new Yields("wake", null)),
                of(
                        "what was held back is never attached",
                        "gate.handover.ClusterTaker",
                        "begin",
                        new Yields("attachAll", null)),
                of(
                        "attachments are not held back while the old gate serves",
                        "gate.handover.ClusterTaker",
                        "hold",
                        new Yields("holdAttachments", null)),
                of(
                        "the old gate is no node any more when the new one is dead",
                        "gate.handover.ClusterGiver",
                        "release",
                        new Returns(null)));
    }

    private static Mutant of(String name, String type, String method, Edit edit) {
        return Mutant.of(RULE, name, type, method, edit).in(ScenarioKind.HAND_OVERS);
    }
}
