package io.basalt.meta.service;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.net.CallStatus;
import io.basalt.net.meta.ContentCall;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.Reason;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the metaserver asks of gates because an operator wants it: to serve a volume, or to let go of one.
final class GateCalls {
    private final Supplier<MetaState> state;
    private final Sessions sessions;

    GateCalls(Supplier<MetaState> state, Sessions sessions) {
        this.state = state;
        this.sessions = sessions;
    }

    /// Ask a gate to attach and serve a volume.
    ///
    /// @param gateName which gate; empty if there is only one
    void serve(String volumeName, String gateName, MetaReply<ServeResult> reply) {
        final NodeSession gate = gate(gateName, reply);
        if (gate == null) {
            return;
        }
        gate.ask(MetaMessage.SERVE, new VolumeName(volumeName).toContent(), (call, status, code) -> {
            if (answeredOk(call, status, code, reply)) {
                final ServeResult result;
                try {
                    result = ServeResult.of(call.answer());
                } catch (MetaFormatException e) {
                    reply.refused(MetaCode.UNSUPPORTED, "the gate's answer cannot be read: " + e.getMessage());
                    return;
                }
                reply.done(result);
            }
        });
    }

    /// Ask the gate that serves a volume to stop and detach it.
    void release(VolumeRecord volume, MetaReply<Boolean> reply) {
        final NodeSession gate = sessions.of(volume.gateNodeId());
        if (gate == null) {
            reply.refused(MetaCode.UNAVAILABLE, "gate: is not connected; start it, or take the volume away by force");
            return;
        }
        gate.ask(MetaMessage.RELEASE, new VolumeName(volume.name()).toContent(), (call, status, code) -> {
            if (answeredOk(call, status, code, reply)) {
                reply.done(true);
            }
        });
    }

    private @Nullable NodeSession gate(String name, MetaReply<?> reply) {
        @Nullable NodeSession found = null;
        int gates = 0;
        for (final NodeSession session : sessions.registered()) {
            final NodeRecord node = state.get().node(session.nodeId());
            if (node != null && node.role() == NodeRole.GATE) {
                gates++;
                if (name.isEmpty() || node.name().equals(name)) {
                    found = session;
                }
            }
        }
        if (found == null) {
            reply.refused(
                    MetaCode.NOT_FOUND,
                    name.isEmpty()
                            ? "gate: none is connected; start one"
                            : "gate: '" + name + "' is not connected; list the nodes");
        } else if (name.isEmpty() && gates > 1) {
            reply.refused(MetaCode.BAD_REQUEST, "gate: " + gates + " are connected; name one");
            return null;
        }
        return found;
    }

    private static boolean answeredOk(ContentCall call, CallStatus status, int number, MetaReply<?> reply) {
        final MetaCode code = status == CallStatus.ANSWERED ? MetaCode.of(number) : MetaCode.UNAVAILABLE;
        if (code == MetaCode.OK) {
            return true;
        }
        if (status == CallStatus.ANSWERED) {
            reply.refused(
                    code == null ? MetaCode.UNSUPPORTED : code,
                    Reason.of(call.answer()).text());
        } else {
            reply.refused(MetaCode.UNAVAILABLE, "gate: did not answer (" + status + "); look whether it runs");
        }
        return false;
    }
}
