package io.basalt.gate.holder;

import io.basalt.gate.controller.SessionKeeper;
import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverFormat;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverSocket;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.gate.handover.HolderMessage.Enlist;
import io.basalt.gate.handover.HolderMessage.Enlisted;
import io.basalt.gate.handover.HolderMessage.Leave;
import io.basalt.gate.handover.HolderMessage.TakeOver;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.memory.Mapping;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A gate's side of its conversation with the holder; see [LinkState]. Control reactor.
///
/// A gate serves whether its holder is there or not: one that has gone is asked for again each
/// second, and one that does not read is left after three, since front ends wait for what they
/// said to be kept.
public final class HolderLink implements SessionKeeper.Source, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(HolderLink.class.getName());
    private static final long AGAIN_NS = 1_000_000_000L;
    private static final long UNREAD_NS = 3_000_000_000L;

    private final Reactor control;
    private final Supplier<@Nullable HandoverSocket> connector;
    private final Enlist newcomer;
    private final Map<String, DiskKeeper> keepers = new LinkedHashMap<>();
    private LinkState state = LinkState.AWAY;
    private @Nullable HandoverChannel channel;
    private @Nullable Standby standby;
    private Runnable told = () -> {};
    private @Nullable Source source;
    private @Nullable Mapping mapping;
    private @Nullable Marks marks;
    private @Nullable Timer again;
    private @Nullable Timer unread;
    private int unsent;
    private long arrivals;
    private long arrivalsSeen;

    /// What is kept.
    public interface Source {
        /// The configuration and what belongs to it; disks without their sessions.
        Prepare base();

        /// Whether a disk's guest can be served on by another process.
        boolean canOutlive(String disk);

        /// Have a disk's session kept as it is.
        void keep(String disk);
    }

    /// @param connector reaches the holder; null if nobody is there
    /// @param life socket that hangs up with this process and its rings; stays the caller's
    public HolderLink(
            Reactor control, Supplier<@Nullable HandoverSocket> connector, String product, int processId, int life) {
        this.control = control;
        this.connector = connector;
        this.newcomer = new Enlist(HandoverFormat.FORMAT_MIN, HandoverFormat.FORMAT, product, processId, false, life);
    }

    /// Where it stands.
    public LinkState state() {
        return state;
    }

    @Override
    public SessionKeeper of(String controller) {
        return keepers.computeIfAbsent(controller, name -> new DiskKeeper(name, this::send));
    }

    private void become(LinkState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("link to the holder: " + state + " -> " + next);
        }
        LOG.log(Level.INFO, "link to the holder {0} -> {1}: {2}", state, next, reason);
        state = next;
    }

    // ---- what the gate wants

    /// Ask the holder what to be.
    ///
    /// @param asks hears of it
    /// @param stands run when this process is to stand by
    /// @return whether a holder is there; otherwise nothing was done
    public boolean standBy(Standby asks, Runnable stands) {
        standby = asks;
        told = stands;
        return connect(newcomer);
    }

    /// The code of this process, which stands by, is warm: the holder prefers one that could take over at
    /// once.
    public void warm() {
        final Standby waits = standby;
        if (waits != null) {
            waits.warm(() -> {
                final HandoverChannel open = channel;
                if (open != null && state == LinkState.STANDBY) {
                    open.send(new Ready());
                }
            });
        }
    }

    /// This process is the gate: have what it serves kept from now on.
    public void serve(Source serves) {
        source = serves;
        switch (state) {
            case STARTS -> tellEverything(serves);
            case TAKES -> goOn(serves);
            case AWAY -> enlist();
            case ENLISTED, STANDBY, KEPT -> {}
        }
    }

    /// The configuration has changed.
    public void changed() {
        final Source serves = source;
        if (serves != null && state == LinkState.KEPT) {
            tellBase(serves);
        }
    }

    /// Have nothing kept any more, as another process takes over by agreement, or nobody does. Effective
    /// at once: nobody takes over if this process dies now.
    public void leave() {
        source = null;
        if (state == LinkState.KEPT) {
            final HandoverChannel open = channel;
            if (open != null) {
                open.send(new Leave());
            }
        }
        lost("it is left");
    }

    private void enlist() {
        again = null;
        if (source == null || state != LinkState.AWAY) {
            return;
        }
        final Enlist back = new Enlist(
                newcomer.formatMin(),
                newcomer.formatMax(),
                newcomer.product(),
                newcomer.processId(),
                true,
                newcomer.life());
        if (!connect(back)) {
            again = control.schedule(AGAIN_NS, this::enlist);
        }
    }

    private boolean connect(Enlist word) {
        final HandoverSocket socket = connector.get();
        if (socket == null) {
            return false;
        }
        final HandoverChannel[] made = new HandoverChannel[1];
        made[0] = new HandoverChannel(control, socket, new HandoverChannel.Listener() {
            @Override
            public void received(HandoverMessage message) {
                heard(message);
            }

            @Override
            public void ended(String reason) {
                if (channel == made[0]) {
                    lost(reason);
                }
            }
        });
        channel = made[0];
        become(LinkState.ENLISTED, "connected");
        made[0].send(word);
        return true;
    }

    // ---- what the holder says

    private void heard(HandoverMessage message) {
        final Standby waits = standby;
        if (message instanceof Abort abort) {
            lost("it refuses: " + abort.reason());
        } else if (message instanceof Enlisted enlisted
                && (state == LinkState.ENLISTED || state == LinkState.STANDBY)) {
            enlisted(enlisted);
        } else if (message instanceof Prepare base && state == LinkState.STANDBY && waits != null) {
            waits.based(base);
        } else if (message instanceof Disk disk && state == LinkState.STANDBY && waits != null) {
            waits.told(disk);
        } else if (message instanceof TakeOver takeOver && state == LinkState.STANDBY && waits != null) {
            become(LinkState.TAKES, "the gate has died");
            takeOver(waits, takeOver.lost());
        } else {
            Held.descriptors(message).forEach(FileDescriptor::close);
            lost("it said " + message.getClass().getSimpleName() + " during " + state);
        }
    }

    private void enlisted(Enlisted word) {
        try {
            map(word.marks());
        } catch (LinuxException | IllegalArgumentException unusable) {
            lost(String.valueOf(unusable.getMessage()));
            return;
        }
        final Standby waits = standby;
        final Source serves = source;
        if (!word.starts()) {
            become(LinkState.STANDBY, "there is a gate, or what one has left");
            told.run();
            return;
        }
        become(LinkState.STARTS, "there is no gate");
        if (serves != null) {
            tellEverything(serves);
        } else if (waits != null) {
            waits.starts();
        }
    }

    /// What is known of sessions is true until a front end is heard, and known again from then on.
    private void takeOver(Standby waits, List<String> lost) {
        final Marks shared = marks;
        if (shared != null) {
            for (final Standby.Kept disk : waits.kept()) {
                final long known = lost.contains(disk.name()) ? -1 : disk.version();
                keeper(disk.name()).begin(shared, disk.slot(), known);
            }
        }
        waits.takeOver(lost);
    }

    private void map(int fd) {
        unmap();
        try {
            if (FileStatus.of(fd).size() < Marks.BYTES) {
                throw new IllegalArgumentException("marks: their file is too short");
            }
            final Mapping mapped = Mapping.ofFile(fd, 0, Marks.BYTES, true);
            mapping = mapped;
            marks = Marks.open(mapped.segment());
        } finally {
            FileDescriptor.close(fd);
        }
    }

    private void unmap() {
        marks = null;
        final Mapping mapped = mapping;
        mapping = null;
        if (mapped != null) {
            mapped.close();
        }
    }

    /// The connection is of no more use.
    private void lost(String reason) {
        final HandoverChannel open = channel;
        channel = null;
        if (open != null) {
            // Behind what may just be sent.
            control.post(open::close);
        }
        if (state == LinkState.AWAY) {
            return;
        }
        final boolean owned = state == LinkState.STARTS || state == LinkState.TAKES || state == LinkState.KEPT;
        final Marks shared = marks;
        if (owned && shared != null) {
            shared.kept(false);
        }
        become(LinkState.AWAY, reason);
        if (unread != null) {
            unread.cancel();
            unread = null;
        }
        unsent = 0;
        keepers.values().forEach(DiskKeeper::end);
        unmap();
        final Standby waits = standby;
        if (waits != null) {
            waits.alone(reason);
        }
        if (source != null) {
            again = control.schedule(AGAIN_NS, this::enlist);
        }
    }

    // ---- what is kept

    private void tellEverything(Source serves) {
        final Marks shared = marks;
        if (shared == null) {
            return;
        }
        shared.kept(true);
        become(LinkState.KEPT, "everything is told");
        tellBase(serves);
    }

    /// Go on keeping what a gate that has died had kept.
    private void goOn(Source serves) {
        become(LinkState.KEPT, "this is the gate");
        beginNew(serves, serves.base().disks());
        keepers.values().stream()
                .filter(DiskKeeper::active)
                .map(DiskKeeper::name)
                .toList()
                .forEach(serves::keep);
    }

    private void tellBase(Source serves) {
        final Prepare base = serves.base();
        final HandoverChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            open.send(base);
        } catch (LinuxException failure) {
            lost(String.valueOf(failure.getMessage()));
            return;
        }
        final Set<String> names = base.disks().stream().map(DiskImage::name).collect(Collectors.toSet());
        keepers.values().removeIf(keeper -> {
            if (!names.contains(keeper.name())) {
                keeper.end();
                return true;
            }
            return false;
        });
        beginNew(serves, base.disks()).forEach(serves::keep);
    }

    /// Begin to keep disks that are not kept yet.
    ///
    /// @return their names
    private List<String> beginNew(Source serves, List<DiskImage> disks) {
        final Marks shared = marks;
        if (shared == null) {
            return List.of();
        }
        final BitSet used = new BitSet();
        keepers.values().stream().filter(DiskKeeper::active).forEach(keeper -> used.set(keeper.slot()));
        final List<String> begun = disks.stream()
                .map(DiskImage::name)
                .filter(name -> !keeper(name).active() && serves.canOutlive(name))
                .limit(Marks.SLOTS - used.cardinality())
                .toList();
        for (final String name : begun) {
            final int slot = used.nextClearBit(0);
            used.set(slot);
            keeper(name).begin(shared, slot, -1);
        }
        return begun;
    }

    private DiskKeeper keeper(String name) {
        return (DiskKeeper) of(name);
    }

    private boolean send(Disk disk, Runnable arrived) {
        final HandoverChannel open = channel;
        if (open == null) {
            return false;
        }
        try {
            open.send(disk, () -> {
                if (channel == open) {
                    unsent--;
                    arrivals++;
                    arrived.run();
                }
            });
        } catch (LinuxException failure) {
            // No descriptor left, which the next may find.
            lost(String.valueOf(failure.getMessage()));
            return false;
        }
        unsent++;
        if (unread == null) {
            arrivalsSeen = arrivals;
            unread = control.schedule(UNREAD_NS, this::look);
        }
        return true;
    }

    private void look() {
        unread = null;
        if (unsent > 0 && arrivals == arrivalsSeen) {
            lost("it does not read");
        } else if (unsent > 0) {
            arrivalsSeen = arrivals;
            unread = control.schedule(UNREAD_NS, this::look);
        }
    }

    /// Hang up. What is held is given up with it, if this is the gate.
    @Override
    public void close() {
        source = null;
        standby = null;
        if (again != null) {
            again.cancel();
            again = null;
        }
        lost("closed");
    }
}
