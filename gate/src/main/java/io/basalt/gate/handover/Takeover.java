package io.basalt.gate.handover;

import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Commit;
import io.basalt.gate.handover.HandoverMessage.Committed;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Hello;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverMessage.Switch;
import io.basalt.gate.handover.HandoverMessage.Taken;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The new gate's side of one hand-over; see [TakeoverState] for its course. Control reactor.
///
/// *When the old gate dies.* Its end of the socket is closed by its kernel once none of its threads
/// runs any more. A new gate that is ready then becomes the gate by itself: disks that it runs go on,
/// front ends of the others see a hang-up, as after any crash, and find it listening.
public final class Takeover {
    private static final System.Logger LOG = System.getLogger(Takeover.class.getName());

    private final Target target;
    private final Consumer<String> ended;
    private TakeoverState state = TakeoverState.WAITING;
    private @Nullable HandoverChannel channel;
    private boolean orphaned;

    /// What takes over.
    public interface Target {
        /// Open volumes, map and register memory; serve nothing.
        ///
        /// @param everything its descriptors are the target's from now on
        /// @param prepared run once, with null or with why it cannot be
        void prepare(Prepare everything, Consumer<@Nullable String> prepared);

        /// Run the rings of prepared disks, whose front ends are not listened to yet.
        ///
        /// @param disks their descriptors are the target's from now on
        /// @param attachment of their volume to go on with; null if there is none, or it has to be made anew
        /// @param taken run once, with null or with why it cannot be
        void take(List<DiskState> disks, @Nullable VolumeRecord attachment, Consumer<@Nullable String> taken);

        /// Be the gate: listen to front ends and management calls.
        void begin();

        /// Let go of everything without a word to any front end.
        void abandon();
    }

    /// @param ended told once: empty if this is the gate now, else why it is not
    public Takeover(Target target, Consumer<String> ended) {
        this.target = target;
        this.ended = ended;
    }

    /// Where it stands.
    public TakeoverState state() {
        return state;
    }

    private void become(TakeoverState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("take-over: " + state + " -> " + next);
        }
        LOG.log(Level.INFO, "take-over {0} -> {1}: {2}", state, next, reason);
        state = next;
    }

    /// Say hello.
    ///
    /// @param connected the channel to the old gate, this object's from now on
    public void greet(HandoverChannel connected, String product, int processId) {
        channel = connected;
        connected.send(new Hello(HandoverFormat.FORMAT_MIN, HandoverFormat.FORMAT, product, processId));
    }

    /// What the old gate says; for the channel.
    public HandoverChannel.Listener listener() {
        return new HandoverChannel.Listener() {
            @Override
            public void received(HandoverMessage message) {
                heard(message);
            }

            @Override
            public void ended(String reason) {
                oldGateEnded(reason);
            }
        };
    }

    private void heard(HandoverMessage message) {
        if (message instanceof Abort abort) {
            abandon("the old gate stays: " + abort.reason(), false);
        } else if (message instanceof Prepare everything && state == TakeoverState.WAITING) {
            become(TakeoverState.PREPARING, everything.disks().size() + " controllers");
            target.prepare(everything, this::prepared);
        } else if (message instanceof Switch change && state == TakeoverState.READY) {
            become(TakeoverState.TAKING, change.disks().getFirst().name());
            target.take(change.disks(), change.attachment(), this::taken);
        } else if (message instanceof Commit && state == TakeoverState.READY) {
            commit();
        } else {
            abandon("the old gate said " + message.getClass().getSimpleName() + " during " + state, true);
        }
    }

    private void send(HandoverMessage message) {
        final HandoverChannel open = channel;
        if (open != null) {
            open.send(message);
        }
    }

    /// Said before anything is done: the old gate must know that its sessions may have become
    /// another's, even if this process dies in its next step.
    private void commit() {
        final HandoverChannel open = channel;
        if (open == null) {
            own("the old gate has let go of everything");
            return;
        }
        open.send(new Committed(), () -> {
            if (state == TakeoverState.READY) {
                own("the old gate has let go of everything");
            }
        });
    }

    private void prepared(@Nullable String refusal) {
        if (state != TakeoverState.PREPARING) {
            return;
        }
        if (refusal != null) {
            abandon(refusal, true);
        } else if (orphaned) {
            abandon("the old gate died before this one was ready", false);
        } else {
            become(TakeoverState.READY, "prepared");
            send(new Ready());
        }
    }

    private void taken(@Nullable String refusal) {
        if (state != TakeoverState.TAKING) {
            return;
        }
        if (refusal != null) {
            abandon(refusal, true);
            return;
        }
        become(TakeoverState.READY, "they run");
        if (orphaned) {
            own("the old gate has died");
        } else {
            send(new Taken());
        }
    }

    private void own(String reason) {
        become(TakeoverState.OWNER, reason);
        target.begin();
        ended.accept("");
    }

    private void oldGateEnded(String reason) {
        channel = null;
        orphaned = true;
        if (state == TakeoverState.READY) {
            own("the old gate has died: " + reason);
        } else if (state == TakeoverState.WAITING) {
            abandon("the old gate has ended: " + reason, false);
        }
    }

    /// Give up, and let the old gate know. Does nothing once this is the gate.
    ///
    /// @param tell whether the old gate does not know yet
    private void abandon(String reason, boolean tell) {
        if (!state.canBecome(TakeoverState.ABANDONED)) {
            return;
        }
        if (tell) {
            send(new Abort(reason));
        }
        become(TakeoverState.ABANDONED, reason);
        target.abandon();
        ended.accept(reason);
    }
}
