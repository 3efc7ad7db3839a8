package io.basalt.gate.daemon;

import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverResult;
import io.basalt.gate.handover.HandoverState;
import io.basalt.gate.handover.HandoverTimes;
import io.basalt.gate.handover.Successor;
import io.basalt.gate.rehearsal.Rehearsal;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.linux.LinuxException;
import io.basalt.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `gate_handover`: a new process becomes the gate, and guests do not notice. Control reactor.
final class HandoverMethods {
    private static final String SOCKET = "handover.sock";
    private static final long US_NS = 1_000;

    private final Reactor control;
    private final Path door;
    private final Successor.@Nullable Launcher launcher;
    private @Nullable GateGiver giver;
    private @Nullable Handover current;

    /// @param data folder that the socket of a hand-over is made in
    /// @param launcher null if this gate cannot be handed over
    HandoverMethods(Reactor control, Path data, Successor.@Nullable Launcher launcher) {
        this.control = control;
        this.door = data.resolve(SOCKET).toAbsolutePath();
        this.launcher = launcher;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.deferring(
                "gate_handover",
                "Start a new process that takes over every guest from this one, which then ends",
                List.of(RpcParameter.text("binary", "program to start; the same as this one if not given")),
                this::handOver));
    }

    /// From now on there is something to hand over.
    void giver(GateGiver source) {
        giver = source;
    }

    private void handOver(RpcCall call) {
        final GateGiver source = giver;
        if (launcher == null || source == null) {
            throw RpcError.unsupported(
                    "method",
                    "this gate cannot start the process that would take over",
                    "run it with `basalt gate run` or `basalt serve gate`");
        }
        final String obstacle = current == null ? source.obstacle() : "another hand-over is under way; ask again later";
        if (obstacle != null) {
            throw RpcError.busy("method", obstacle, "nothing was done");
        }
        begin(call, source, launcher);
    }

    private void begin(RpcCall call, GateGiver source, Successor.Launcher start) {
        final HandoverDoor[] open = new HandoverDoor[1];
        final Handover handover = new Handover(control, source, HandoverTimes.DEFAULT, result -> {
            open[0].close();
            current = null;
            answer(call, result);
        });
        try {
            open[0] = new HandoverDoor(
                    control,
                    door,
                    socket -> handover.connected(new HandoverChannel(control, socket, handover.listener())));
        } catch (LinuxException failure) {
            handover.abort("no door");
            throw failure;
        }
        current = handover;
        final String binary = call.text("binary", "");
        // To start a process may take milliseconds, which front ends on this reactor need not feel.
        Thread.ofPlatform().daemon().name("handover").start(() -> {
            try {
                final Successor successor = start.launch(door, binary);
                control.post(() -> handover.started(successor));
                // It does the same, so that neither does any step for the first time while a guest waits.
                Rehearsal.once(source.clustered());
            } catch (IOException failure) {
                control.post(() -> handover.notStarted("the new gate cannot be started: " + failure.getMessage()));
            }
        });
    }

    /// Where the hand-over that is under way stands; null if none is.
    @Nullable
    HandoverState state() {
        return current == null ? null : current.state();
    }

    private static void answer(RpcCall call, HandoverResult result) {
        if (!result.done()) {
            call.fail(RpcError.busy(
                    "method",
                    "nothing was handed over: " + result.reason(),
                    "this gate serves on; its log and the new one's say more"));
            return;
        }
        final ObjectNode answer = Json.object().put("process_id", result.processId());
        final ArrayNode pauses = answer.putArray("disks");
        for (final HandoverResult.Pause pause : result.pauses()) {
            final ObjectNode target = pauses.addObject();
            target.set("controllers", names(pause.disks()));
            target.put("slow_us", pause.slowNs() / US_NS);
            target.put("drain_us", pause.drainNs() / US_NS).put("pause_us", pause.ns() / US_NS);
        }
        call.answer(answer);
    }

    private static JsonNode names(List<String> disks) {
        final ArrayNode names = Json.array();
        disks.forEach(names::add);
        return names;
    }
}
