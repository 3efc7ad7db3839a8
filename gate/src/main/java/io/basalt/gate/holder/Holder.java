package io.basalt.gate.holder;

import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverFormat;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverSocket;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.gate.handover.HolderMessage.Enlist;
import io.basalt.gate.handover.HolderMessage.Enlisted;
import io.basalt.gate.handover.HolderMessage.Leave;
import io.basalt.gate.handover.HolderMessage.TakeOver;
import io.basalt.reactor.Reactor;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Keeps what a gate serves alive when the gate dies, and gives it to the next one; see
/// [HolderState]. Reads no message of a front end, and touches no guest memory. Control reactor.
///
/// *When a gate is dead.* Its process may be gone, and reads that it had under way may still land in
/// guest memory, and writes on the disk: a killed process's rings are taken apart later than its
/// descriptors. So every gate gives its holder one end of a socket pair, whose other end is in its
/// process and, registered, in each of its rings. That end is closed when all of them are gone, and
/// a ring goes only when nothing is under way in it. Not before does anybody take over.
///
/// *Who stands by* is told everything that the gate tells, so that it has opened and mapped it all
/// when it is needed. When the base changes it is hung up on, and begins anew.
public final class Holder implements AutoCloseable {
    /// Name of the marks' file in a depository.
    public static final String MARKS = "marks";

    private static final System.Logger LOG = System.getLogger(Holder.class.getName());

    private final Reactor control;
    private final Marks marks;
    private final int marksFd;
    private final IntConsumer closer;
    private final Held held;
    private final Deposits deposits;
    private final List<Member> waiting = new ArrayList<>();
    private final List<Member> strangers = new ArrayList<>();
    private HolderState state = HolderState.EMPTY;
    private @Nullable Member gate;
    private @Nullable LifeLine earlier;

    /// @param marks shared with gates; `marksFd` is their file, and stays the caller's
    /// @param closer closes descriptors that front ends had a hand in, which may take its time
    /// @param depository where what is held outlives this process; it has the marks already if it has
    ///     anything
    public Holder(Reactor control, Marks marks, int marksFd, IntConsumer closer, Depository depository) {
        this.deposits = new Deposits(depository);
        this.control = control;
        this.marks = marks;
        this.marksFd = marksFd;
        this.closer = closer;
        this.held = new Held(closer);
    }

    /// Where it stands.
    public HolderState state() {
        return state;
    }

    /// A gate that has connected.
    private final class Member implements HandoverChannel.Listener {
        final HandoverChannel channel;
        String name = "a process";

        @Nullable
        LifeLine life;

        boolean told;
        boolean ready;
        boolean hungUp;

        Member(HandoverSocket socket) {
            channel = new HandoverChannel(control, socket, this);
        }

        @Override
        public void received(HandoverMessage message) {
            heard(this, message);
        }

        @Override
        public void ended(String reason) {
            hungUp = true;
            lost(this, reason);
        }

        void lives(int fd) {
            life = new LifeLine(control, fd, () -> died(this));
        }

        void close() {
            hungUp = true;
            channel.close();
            final LifeLine line = life;
            life = null;
            if (line != null) {
                line.close();
            }
        }
    }

    /// Begin with what an earlier life of this holder has left: nothing, or a gate that may be alive.
    ///
    /// @param kept descriptors by name, as the depository has kept them; this object's but for the marks
    public void restore(Map<String, Integer> kept) {
        final Deposits.Found found = deposits.find(kept);
        final Prepare base = found.base();
        if (base == null || found.life() < 0) {
            Deposits.close(base);
            found.disks().forEach(Deposits::close);
            Deposits.close(found.life());
        } else {
            held.base(base);
            deposits.base(base);
            for (final Disk disk : found.disks()) {
                if (held.disk(disk)) {
                    deposits.disk(disk);
                }
            }
            earlier = new LifeLine(control, found.life(), this::earlierDied);
            deposits.life(found.life());
            become(HolderState.RESTORED, base.disks().size() + " disks, held before this process began");
        }
        deposits.forget(kept);
    }

    private void earlierDied() {
        endEarlier();
        if (!marks.kept()) {
            become(HolderState.EMPTY, "the gate of before has ended");
            clear();
            beginAnew("nothing is held any more");
            next();
        } else {
            become(HolderState.ORPHANED, "the gate of before is dead");
            promote();
        }
    }

    private void endEarlier() {
        final LifeLine line = earlier;
        earlier = null;
        if (line != null) {
            line.close();
        }
    }

    private void clear() {
        held.clear();
        deposits.clear();
    }

    /// A process has connected, which has to say what it is.
    ///
    /// @param socket the holder's from now on
    public void connected(HandoverSocket socket) {
        strangers.add(new Member(socket));
    }

    private void become(HolderState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("holder: " + state + " -> " + next);
        }
        LOG.log(Level.INFO, "holder {0} -> {1}: {2}", state, next, reason);
        state = next;
    }

    // ---- what gates say

    private void heard(Member from, HandoverMessage message) {
        if (message instanceof Enlist enlist && strangers.remove(from)) {
            enlisted(from, enlist);
        } else if (message instanceof Ready && (from == gate || waiting.contains(from))) {
            from.ready = true;
        } else if (from != gate) {
            close(message);
            expel(from, "said " + message.getClass().getSimpleName() + ", and is not the gate");
        } else if (message instanceof Prepare base) {
            based(base);
        } else if (message instanceof Disk disk) {
            told(disk);
        } else if (message instanceof Leave) {
            left(from, "the gate needs nothing to be kept");
        } else {
            close(message);
            expel(from, "said " + message.getClass().getSimpleName() + " during " + state);
        }
    }

    private void close(HandoverMessage message) {
        Held.descriptors(message).forEach(closer::accept);
    }

    private void enlisted(Member from, Enlist enlist) {
        from.name = "process " + enlist.processId() + ", version " + enlist.product();
        if (enlist.life() < 0) {
            refuse(from, "a gate that cannot be seen to die cannot be kept");
            return;
        }
        from.lives(enlist.life());
        if (enlist.formatMin() > HandoverFormat.FORMAT || enlist.formatMax() < HandoverFormat.FORMAT_MIN) {
            refuse(
                    from,
                    "it speaks formats " + enlist.formatMin() + " to " + enlist.formatMax() + ", the holder "
                            + HandoverFormat.FORMAT_MIN + " to " + HandoverFormat.FORMAT
                            + "; start the holder anew with the version of the gate");
            return;
        }
        reconsider();
        if (enlist.serves()) {
            enlistGate(from);
        } else {
            waiting.add(from);
            next();
            if (waiting.contains(from)) {
                from.channel.send(new Enlisted(false, marksFd));
                tellEverything(from);
            }
            promote();
        }
    }

    /// A gate that serves already.
    private void enlistGate(Member from) {
        if (state == HolderState.SERVED || state == HolderState.ORPHANED) {
            refuse(from, "there is another gate, or what one that is dead has left");
            return;
        }
        if (state == HolderState.RESTORED) {
            // It is alive, and tells everything again.
            endEarlier();
            clear();
        }
        final Member candidate = gate;
        if (state == HolderState.STARTING && candidate != null) {
            become(HolderState.EMPTY, "a gate serves already");
            gate = null;
            expel(candidate, "must begin anew: a gate serves already");
        }
        begins(from);
        from.channel.send(new Enlisted(true, marksFd));
    }

    private void begins(Member next) {
        gate = next;
        marks.kept(false);
        become(HolderState.STARTING, next.name);
        deposit(next);
    }

    private void deposit(Member serving) {
        final LifeLine line = serving.life;
        if (line != null) {
            deposits.life(line.fd());
        }
    }

    /// Have one that waits be the gate if there is none and nothing to take over.
    private void next() {
        if (state == HolderState.EMPTY && !waiting.isEmpty()) {
            final Member first = waiting.removeFirst();
            begins(first);
            first.channel.send(new Enlisted(true, marksFd));
        }
    }

    private void based(Prepare base) {
        held.base(base);
        deposits.base(base);
        if (state == HolderState.STARTING) {
            become(HolderState.SERVED, base.disks().size() + " disks");
        }
        for (final Member each : List.copyOf(waiting)) {
            if (each.told) {
                expel(each, "must begin anew: there is another configuration");
            } else {
                tellEverything(each);
            }
        }
    }

    private void tellEverything(Member to) {
        final Prepare base = held.base();
        if (base != null) {
            to.told = true;
            to.channel.send(base);
            held.disks().forEach(to.channel::send);
        }
    }

    private void told(Disk disk) {
        if (held.disk(disk)) {
            deposits.disk(disk);
            waiting.stream().filter(each -> each.told).forEach(each -> each.channel.send(disk));
        }
    }

    // ---- how gates end

    private void refuse(Member member, String reason) {
        LOG.log(Level.WARNING, "{0} is refused: {1}", member.name, reason);
        member.channel.send(new Abort(reason));
        // Posted behind the sending.
        control.post(member::close);
    }

    private void expel(Member member, String reason) {
        LOG.log(Level.INFO, "{0} {1}", member.name, reason);
        waiting.remove(member);
        strangers.remove(member);
        if (member == gate) {
            // It lives: that it is gone must be seen, not said.
            member.hungUp = true;
            member.channel.close();
        } else {
            member.close();
        }
    }

    private void lost(Member member, String reason) {
        if (member == gate) {
            LOG.log(Level.INFO, "{0} has hung up: {1}", member.name, reason);
            reconsider();
        } else {
            expel(member, "has gone: " + reason);
        }
    }

    /// Whether a gate that has hung up wants nothing any more: its marks say so, or it has told nothing.
    private void reconsider() {
        final Member current = gate;
        if (current != null && current.hungUp && (state == HolderState.STARTING || !marks.kept())) {
            left(current, "the gate has hung up, and needs nothing to be kept");
        }
    }

    private void left(Member member, String reason) {
        gate = null;
        become(HolderState.EMPTY, reason);
        clear();
        member.close();
        beginAnew("nothing is held any more");
        next();
    }

    private void beginAnew(String reason) {
        for (final Member each : List.copyOf(waiting)) {
            if (each.told) {
                expel(each, "must begin anew: " + reason);
            }
        }
    }

    private void died(Member member) {
        if (member != gate) {
            expel(member, "has died");
            return;
        }
        if (!member.hungUp) {
            // What it had said is there, however late it is heard.
            member.channel.readRest();
        }
        if (member != gate) {
            return;
        }
        if (state == HolderState.STARTING || !marks.kept()) {
            left(member, member.name + " has ended");
            return;
        }
        gate = null;
        become(HolderState.ORPHANED, member.name + " has died");
        member.close();
        promote();
    }

    /// Let one that waits take over what a dead gate has left: the first that can at once, else the
    /// first.
    private void promote() {
        if (state == HolderState.ORPHANED && !waiting.isEmpty()) {
            final Member next =
                    waiting.stream().filter(each -> each.ready).findFirst().orElse(waiting.getFirst());
            waiting.remove(next);
            final List<String> lost = held.lost(marks);
            gate = next;
            become(HolderState.SERVED, next.name + (lost.isEmpty() ? "" : ", without the front ends of " + lost));
            deposit(next);
            next.channel.send(new TakeOver(lost));
        }
    }

    /// Let go of everything; what the depository has stays there.
    @Override
    public void close() {
        endEarlier();
        strangers.forEach(Member::close);
        waiting.forEach(Member::close);
        final Member current = gate;
        if (current != null) {
            current.close();
        }
        strangers.clear();
        waiting.clear();
        gate = null;
        held.clear();
    }
}
