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
import io.basalt.gate.handover.HandoverResult.Pause;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The old gate's side of one hand-over; see [HandoverState] for its course. Control reactor.
///
/// *Why nothing is lost or done twice.* A disk runs in one process at a time: the old gate lets go of
/// it only when nothing of it is in flight, and says so only then; it runs it again only when the new
/// process is dead. What the new process had taken and not answered by then is in the inflight
/// region, as after any crash. Until [Committed] has come, the old gate keeps every descriptor and
/// mapping, and neither side reads a message of a front end whose disk was switched: what the old
/// gate knows of a session stays true. A Committed that comes too late, or that a dead process had
/// sent, says that this does not hold any more: front ends are then hung up on, as after a crash.
public final class Handover {
    private static final System.Logger LOG = System.getLogger(Handover.class.getName());

    private final Reactor control;
    private final Source source;
    private final HandoverTimes times;
    private final Consumer<HandoverResult> ended;
    private final List<Pause> pauses = new ArrayList<>();
    private final List<List<String>> switched = new ArrayList<>();
    private HandoverState state = HandoverState.STARTING;
    private List<List<String>> groups = List.of();
    private @Nullable HandoverChannel channel;
    private @Nullable Successor successor;
    private @Nullable Timer limit;
    private int sent;
    private boolean draining;
    private boolean commitSent;
    private boolean served;
    private long slowedNs;
    private long suspendedNs;
    private long drainedNs;
    private String failure = "";
    private int processId;
    private boolean knowsAttachments;

    /// What is handed over.
    public interface Source {
        /// Keep everything as it is from now on: no management call changes anything, and the
        /// metaserver hears nothing more of this process.
        void hold();

        /// Everything there is. Called after [#hold()].
        Prepare prepare();

        /// Controllers, those together that share a volume.
        List<List<String>> groups();

        /// Have controllers' disks ask for little at a time, while they go on: before [#suspend], so that there is
        /// little to wait for then. Undone by [#resume].
        ///
        /// @param slowed run when little is in flight, or that has taken too long
        default void slow(List<String> group, Runnable slowed) {
            slowed.run();
        }

        /// Let go of controllers' disks.
        ///
        /// @param suspended run when nothing of theirs is in flight; not after [#resume] for them
        void suspend(List<String> group, Runnable suspended);

        /// What became of a suspended controller since its image was made.
        DiskState state(String controller);

        /// Let go of the volume of suspended controllers, too.
        ///
        /// @return the attachment that the new process may go on with; null if there is none
        @Nullable
        VolumeRecord letGo(List<String> group);

        /// Run controllers' disks again that [#slow] or [#suspend] was called for.
        ///
        /// @param absence what the process that has died may have done with them
        void resume(List<String> group, Absence absence);

        /// Undo [#hold()].
        ///
        /// @param served whether the process that has died was the gate
        void release(boolean served);

        /// Give everything up: another process is the gate.
        void surrender();
    }

    /// @param ended told once how it ended; after a failure everything runs here
    public Handover(Reactor control, Source source, HandoverTimes times, Consumer<HandoverResult> ended) {
        this.control = control;
        this.source = source;
        this.times = times;
        this.ended = ended;
        limit(times.startNs(), "the new gate did not start in time");
    }

    /// Where it stands.
    public HandoverState state() {
        return state;
    }

    private void become(HandoverState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("hand-over: " + state + " -> " + next);
        }
        LOG.log(Level.INFO, "hand-over {0} -> {1}: {2}", state, next, reason);
        state = next;
        if (limit != null) {
            limit.cancel();
            limit = null;
        }
    }

    private void limit(long ns, String reason) {
        if (limit != null) {
            limit.cancel();
        }
        limit = control.schedule(ns, () -> {
            limit = null;
            abort(reason);
        });
    }

    /// The new process has been started.
    public void started(Successor process) {
        successor = process;
        if (state == HandoverState.ABORTING) {
            process.destroy(() -> control.post(this::resume));
        }
    }

    /// It could not be.
    public void notStarted(String reason) {
        if (state == HandoverState.STARTING) {
            become(HandoverState.ABORTING, reason);
            failure = reason;
        }
        resume();
    }

    /// The new process speaks.
    ///
    /// @param connected its channel, this object's from now on
    public void connected(HandoverChannel connected) {
        if (state != HandoverState.STARTING || channel != null) {
            connected.close();
            return;
        }
        channel = connected;
    }

    /// What the new gate says; for the channel.
    public HandoverChannel.Listener listener() {
        return new HandoverChannel.Listener() {
            @Override
            public void received(HandoverMessage message) {
                heard(message);
            }

            @Override
            public void ended(String reason) {
                abort("the new gate has ended: " + reason);
            }
        };
    }

    private void heard(HandoverMessage message) {
        if (message instanceof Abort abort) {
            abort("the new gate refused: " + abort.reason());
        } else if (message instanceof Hello hello && state == HandoverState.STARTING) {
            greeted(hello);
        } else if (message instanceof Ready && state == HandoverState.PREPARING) {
            groups = source.groups();
            become(HandoverState.SWITCHING, groups.size() + " volumes in use");
            next();
        } else if (message instanceof Taken && state == HandoverState.SWITCHING && !draining) {
            taken();
        } else if (message instanceof Committed && state == HandoverState.COMMITTING) {
            finish();
        } else if (message instanceof Committed && commitSent) {
            served = true;
        } else if (state != HandoverState.ABORTING) {
            abort("the new gate said " + message.getClass().getSimpleName() + " during " + state);
        }
    }

    private void send(HandoverMessage message) {
        final HandoverChannel open = channel;
        if (open != null) {
            open.send(message);
        }
    }

    private void greeted(Hello hello) {
        if (hello.formatMin() > HandoverFormat.FORMAT || hello.formatMax() < HandoverFormat.FORMAT_MIN) {
            abort("version " + hello.product() + " hands over in formats " + hello.formatMin() + " to "
                    + hello.formatMax() + ", this gate in " + HandoverFormat.FORMAT_MIN + " to " + HandoverFormat.FORMAT
                    + "; upgrade by way of a version in between");
            return;
        }
        processId = hello.processId();
        knowsAttachments = hello.formatMax() >= HandoverFormat.ATTACHMENTS;
        become(HandoverState.PREPARING, "process " + hello.processId() + ", version " + hello.product());
        limit(times.prepareNs(), "the new gate did not get ready in time");
        source.hold();
        send(source.prepare());
    }

    private void next() {
        if (switched.size() == groups.size()) {
            become(HandoverState.COMMITTING, "every disk runs in the new process");
            limit(times.commitNs(), "the new gate did not take over in time");
            commitSent = true;
            send(new Commit());
            return;
        }
        final List<String> group = groups.get(switched.size());
        switched.add(group);
        draining = true;
        slowedNs = control.clock().nanoTime();
        limit(times.drainNs(), String.join(", ", group) + " could not be slowed down in time; ask again later");
        source.slow(group, () -> slowed(group));
    }

    private void slowed(List<String> group) {
        if (state != HandoverState.SWITCHING) {
            return;
        }
        suspendedNs = control.clock().nanoTime();
        limit(times.drainNs(), "requests of " + String.join(", ", group) + " did not finish in time; ask again later");
        source.suspend(group, () -> suspended(group));
    }

    private void suspended(List<String> group) {
        if (state != HandoverState.SWITCHING) {
            return;
        }
        draining = false;
        drainedNs = control.clock().nanoTime();
        limit(times.takeNs(), "the new gate did not run " + String.join(", ", group) + " in time");
        sent = switched.size();
        final VolumeRecord attachment = source.letGo(group);
        send(new Switch(group.stream().map(source::state).toList(), knowsAttachments ? attachment : null));
    }

    private void taken() {
        final long nowNs = control.clock().nanoTime();
        final Pause pause =
                new Pause(switched.getLast(), suspendedNs - slowedNs, drainedNs - suspendedNs, nowNs - suspendedNs);
        pauses.add(pause);
        LOG.log(Level.INFO, "hand-over: {0}", pause);
        next();
    }

    private void finish() {
        become(HandoverState.DONE, "the new process is the gate");
        source.surrender();
        close();
        ended.accept(new HandoverResult(true, "", processId, pauses));
    }

    private Absence ranOrServed() {
        return served ? Absence.SERVED : Absence.RAN;
    }

    private void close() {
        final HandoverChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }

    /// Stay the gate. Does nothing if that is decided already.
    public void abort(String reason) {
        if (state == HandoverState.ABORTING || !state.canBecome(HandoverState.ABORTING)) {
            return;
        }
        become(HandoverState.ABORTING, reason);
        failure = reason;
        send(new Abort(reason));
        final Successor process = successor;
        if (process != null) {
            process.destroy(() -> control.post(this::resume));
        }
    }

    /// The new process runs nothing any more.
    private void resume() {
        if (state != HandoverState.ABORTING) {
            return;
        }
        final HandoverChannel open = channel;
        if (open != null) {
            // Everything that it ever said is in the socket by now.
            open.readRest();
        }
        close();
        become(HandoverState.ABANDONED, served ? failure + "; but the new process was the gate already" : failure);
        source.release(served);
        for (int i = 0; i < switched.size(); i++) {
            source.resume(switched.get(i), i < sent ? ranOrServed() : Absence.NOTHING);
        }
        ended.accept(new HandoverResult(false, failure, processId, pauses));
    }
}
