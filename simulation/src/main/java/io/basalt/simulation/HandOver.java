package io.basalt.simulation;

import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverFormat;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.HandoverResult;
import io.basalt.gate.handover.HandoverState;
import io.basalt.gate.handover.Successor;
import io.basalt.gate.handover.Takeover;
import io.basalt.gate.handover.TakeoverState;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One hand-over from its wish to its end: the production state machines of both sides, a socket between
/// them, and what goes wrong at which step.
final class HandOver {
    private static final long MS_NS = 1_000_000;
    private static final long LAUNCH_NS = 3 * MS_NS;
    private static final long KILL_NS = 2 * MS_NS;
    private static final long EXIT_NS = 4 * MS_NS;

    /// So often nothing tells the cluster that a process was killed, and what it had sent still arrives.
    private static final int SILENT_PERCENT = 30;

    private static final long STOPPED_NS = 700 * MS_NS;

    private final World world;
    private final SimRandom random;
    private final HandOverPlan plan;
    private final HandOvers owner;
    private final RingGate old;
    private final Map<HandOverStep, Integer> seen = new EnumMap<>(HandOverStep.class);
    private final List<HandOverPlan.Mishap> toCome = new ArrayList<>();
    private final RingGiver giver;
    private final Handover handover;

    private @Nullable RingGate successor;
    private @Nullable RingTaker taker;
    private @Nullable Takeover takeover;
    private @Nullable HandOverStep step;
    private boolean refuses;
    private boolean isOver;

    HandOver(World world, SimRandom random, HandOverPlan plan, HandOvers owner, RingGate old) {
        this.world = world;
        this.random = random;
        this.plan = plan;
        this.owner = owner;
        this.old = old;
        toCome.addAll(plan.mishaps());
        giver = new RingGiver(
                old, random.fork("giver"), () -> world.after(random.between(0, EXIT_NS), () -> old.crash(false)));
        world.note(old + " is to be handed over");
        handover = new Handover(old.process().control().reactor(), giver, plan.limits(), this::ended);
        world.after(random.between(0, LAUNCH_NS), this::launch);
    }

    /// Whether nothing more comes of it.
    boolean isOver() {
        return isOver;
    }

    private void launch() {
        if (old.isGone()) {
            isOver = true;
            return;
        }
        if (random.chance(2)) {
            old.post(() -> handover.notStarted("no such file"));
            return;
        }
        final RingGate made = owner.newGate();
        successor = made;
        final RingTaker target = new RingTaker(made, random.fork("taker"));
        taker = target;
        final Takeover side = new Takeover(target, reason -> tookOver(made, reason));
        takeover = side;
        old.post(() -> handover.started(new Launched(made)));
        world.after(plan.startNs(), () -> made.post(() -> enter(made, side)));
    }

    /// What the old process can do to the new one.
    private final class Launched implements Successor {
        private final RingGate killed;

        Launched(RingGate killed) {
            this.killed = killed;
        }

        @Override
        public void destroy(Runnable gone) {
            world.after(random.between(0, KILL_NS), () -> {
                killed.crash(false);
                gone.run();
            });
        }
    }

    /// The new process comes in by the old one's door.
    private void enter(RingGate made, Takeover side) {
        if (old.isGone()) {
            // Nobody waits.
            exit(made);
            return;
        }
        final SimHandoverSocket.Pair pair = SimHandoverSocket.pair(
                world,
                owner.descriptors(),
                random.fork("socket"),
                old.process(),
                made.process(),
                plan.socketBytes(),
                plan.socketNs());
        old.post(() -> handover.connected(
                new HandoverChannel(old.process().control().reactor(), pair.left(), handover.listener())));
        final HandoverChannel channel =
                new HandoverChannel(made.process().control().reactor(), pair.right(), side.listener());
        if (refuses) {
            channel.send(
                    new HandoverMessage.Hello(HandoverFormat.FORMAT + 1, HandoverFormat.FORMAT + 2, "simulation", 1));
        } else {
            side.greet(channel, "simulation", 1);
        }
    }

    // How it ends.

    private void tookOver(RingGate made, String reason) {
        world.note(made + (reason.isEmpty() ? " is the gate" : " takes nothing over: " + reason));
        if (reason.isEmpty()) {
            if (handover.state() != HandoverState.COMMITTING) {
                world.coverage().saw(Sighting.ORPHANED_GATE, old.isGone() ? 1 : 0);
            }
        } else {
            exit(made);
        }
    }

    private void exit(RingGate made) {
        world.after(random.between(0, EXIT_NS), () -> made.crash(false));
    }

    private void ended(HandoverResult result) {
        isOver = true;
        world.note(old + (result.done() ? " was handed over" : " stays: " + result.reason()));
        world.coverage().saw(Sighting.LATE_COMMITTED, !result.done() && wasOwner() ? 1 : 0);
        world.coverage().saw(result.done() ? Sighting.HANDED_OVER : Sighting.NOT_HANDED_OVER);
        final Takeover side = takeover;
        if (result.done() && (side == null || side.state() != TakeoverState.OWNER)) {
            throw new SimulationFailure("H7: " + old + " gave everything up, and the new process is not the gate");
        }
        if (!result.done() && successor != null && !successor.isGone()) {
            throw new SimulationFailure("H7: " + old + " goes on, and the new process lives");
        }
    }

    private boolean wasOwner() {
        return takeover != null && takeover.state() == TakeoverState.OWNER;
    }

    /// Look after every turn: at which step it is, and whether something goes wrong there.
    void look() {
        if (isOver) {
            return;
        }
        if (old.isGone()) {
            isOver = successor == null || successor.isGone() || successor.isTheGate();
            return;
        }
        final HandOverStep now = HandOverStep.of(
                handover.state(),
                takeover == null ? null : takeover.state(),
                giver.isDraining(),
                taker != null && taker.taken() == giver.switched());
        if (now != step) {
            step = now;
            if (now != null) {
                reached(now);
            }
        }
    }

    private void reached(HandOverStep now) {
        final int time = seen.merge(now, 1, Integer::sum) - 1;
        for (final Iterator<HandOverPlan.Mishap> each = toCome.iterator(); each.hasNext(); ) {
            final HandOverPlan.Mishap mishap = each.next();
            if (mishap.step() == now && mishap.time() <= time) {
                each.remove();
                if (mishap.delayNs() == 0) {
                    happens(mishap.fault());
                } else {
                    world.after(mishap.delayNs(), () -> happens(mishap.fault()));
                }
                return;
            }
        }
    }

    private void happens(HandOverFault fault) {
        final HandOverStep at = step;
        if (isOver || at == null || old.isGone()) {
            return;
        }
        final RingGate made = successor == null || successor.isGone() ? null : successor;
        final RingGate victim = fault == HandOverFault.OLD_KILLED || fault == HandOverFault.OLD_STOPPED ? old : made;
        if (victim == null) {
            return;
        }
        world.note("hand-over at " + at + ": " + fault);
        world.coverage().saw(fault, at);
        switch (fault) {
            case OLD_KILLED, NEW_KILLED -> victim.crash(random.chance(SILENT_PERCENT));
            case OLD_STOPPED, NEW_STOPPED -> victim.pause(world.nowNs() + STOPPED_NS);
            case REFUSED -> {
                refuses = true;
                if (taker != null) {
                    taker.refuse();
                }
            }
        }
    }

    /// How it stands, for people.
    String describe() {
        return old + " is " + handover.state() + ", the new process " + successor
                + (takeover == null ? "" : " is " + takeover.state());
    }
}
