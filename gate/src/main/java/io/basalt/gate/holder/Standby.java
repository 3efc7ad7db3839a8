package io.basalt.gate.holder;

import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Front;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A gate that stands by, and takes over when the holder says that the gate is dead; see
/// [StandbyState]. Control reactor.
///
/// Each session is prepared (mapped, filled, registered) when its front end has said nothing for a
/// moment: a handshake changes it with every message. One that is not yet, or has changed since, is
/// prepared when it is taken over. Rings go on from the inflight region, as after any crash.
///
/// A disk whose front end cannot be served on here, or by anybody, is hung up on: it connects again.
public final class Standby {
    private static final System.Logger LOG = System.getLogger(Standby.class.getName());
    private static final long QUIET_NS = 100_000_000L;

    private final Reactor control;
    private final Target target;
    private final BiConsumer<StandbyState, String> ended;
    private final Map<String, Known> disks = new LinkedHashMap<>();
    private StandbyState state = StandbyState.WAITING;
    private @Nullable List<String> lost;
    private @Nullable Runnable untoldReady;
    private int replacing;

    /// What stands by.
    public interface Target {
        /// Open volumes and make controllers; serve nothing.
        ///
        /// @param base its descriptors are the target's from now on
        /// @param prepared run once, with null or with why it cannot be
        void prepare(Prepare base, Consumer<@Nullable String> prepared);

        /// Get ready to go on with another session of a disk than before.
        ///
        /// @param image its descriptors are the target's from now on
        /// @param replaced run once, with null or with why it cannot be
        void replace(DiskImage image, Consumer<@Nullable String> replaced);

        /// Run disks, whose front ends are not listened to yet.
        ///
        /// @param disks their descriptors are the target's from now on
        /// @param taken run once, with the names of those that cannot run
        void take(List<DiskState> disks, Consumer<List<String>> taken);

        /// Be the gate: listen to front ends and management calls.
        void begin();

        /// Let go of everything without a word to any front end.
        void abandon();
    }

    /// What the holder has of a disk.
    record Kept(String name, int slot, long version) {}

    /// A disk as it was told of last.
    private static final class Known {
        Disk told;
        boolean applied;
        boolean replacing;
        boolean failed;
        int connection = -1;

        @Nullable
        Timer quiet;

        Known(Disk told) {
            this.told = told;
        }
    }

    /// @param ended told once: OWNER, STARTS, or ABANDONED and why
    public Standby(Reactor control, Target target, BiConsumer<StandbyState, String> ended) {
        this.control = control;
        this.target = target;
        this.ended = ended;
    }

    /// Where it stands.
    public StandbyState state() {
        return state;
    }

    private void become(StandbyState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("standby: " + state + " -> " + next);
        }
        LOG.log(Level.INFO, "standby {0} -> {1}: {2}", state, next, reason);
        state = next;
    }

    /// This process's code is warm.
    ///
    /// @param ready run once, when everything else is ready too: this gate could take over at once
    void warm(Runnable ready) {
        untoldReady = ready;
        tellIfReady();
    }

    private void tellIfReady() {
        final Runnable untold = untoldReady;
        if (untold != null
                && state == StandbyState.READY
                && replacing == 0
                && disks.values().stream().allMatch(disk -> disk.applied)) {
            untoldReady = null;
            LOG.log(Level.INFO, "standby could take over at once");
            untold.run();
        }
    }

    /// What the holder had of each disk when this became the gate.
    List<Kept> kept() {
        return disks.values().stream()
                .map(disk -> new Kept(disk.told.image().name(), disk.told.slot(), disk.told.version()))
                .toList();
    }

    // ---- what the holder says

    /// There is no gate, and nothing to take over.
    void starts() {
        if (state == StandbyState.WAITING) {
            become(StandbyState.STARTS, "there is no gate");
            ended.accept(StandbyState.STARTS, "");
        }
    }

    void based(Prepare base) {
        if (state != StandbyState.WAITING) {
            Held.descriptors(base).forEach(FileDescriptor::close);
            abandon("the configuration has changed");
            return;
        }
        become(StandbyState.PREPARING, base.disks().size() + " disks");
        target.prepare(base, this::prepared);
    }

    private void prepared(@Nullable String refusal) {
        if (state != StandbyState.PREPARING) {
            return;
        }
        if (refusal != null) {
            abandon(refusal);
            return;
        }
        become(StandbyState.READY, "prepared");
        disks.values().forEach(this::waitForQuiet);
        takeIfPossible();
        tellIfReady();
    }

    void told(Disk disk) {
        if (state != StandbyState.PREPARING && state != StandbyState.READY) {
            Held.descriptors(disk).forEach(FileDescriptor::close);
            return;
        }
        final Known known = disks.computeIfAbsent(disk.image().name(), _ -> new Known(disk));
        if (!known.told.equals(disk)) {
            forget(known);
        }
        known.told = disk;
        known.applied = false;
        known.failed = false;
        known.connection = disk.image().connection() < 0
                ? -1
                : FileDescriptor.duplicate(disk.image().connection());
        if (state == StandbyState.READY) {
            waitForQuiet(known);
        }
    }

    /// Close what a disk's word brought, unless somebody else has got it.
    private static void forget(Known known) {
        if (!known.applied) {
            Held.descriptors(known.told).forEach(FileDescriptor::close);
        }
        if (known.connection >= 0) {
            FileDescriptor.close(known.connection);
            known.connection = -1;
        }
    }

    private void waitForQuiet(Known known) {
        if (known.quiet != null) {
            known.quiet.cancel();
        }
        known.quiet = control.schedule(QUIET_NS, () -> {
            known.quiet = null;
            replace(known);
        });
    }

    private void replace(Known known) {
        if (state != StandbyState.READY || lost != null || known.applied) {
            return;
        }
        if (known.replacing) {
            waitForQuiet(known);
            return;
        }
        known.applied = true;
        known.replacing = true;
        replacing++;
        final Disk replaced = known.told;
        target.replace(replaced.image(), refusal -> {
            known.replacing = false;
            replacing--;
            if (refusal != null && known.told.equals(replaced)) {
                LOG.log(
                        Level.WARNING,
                        "standby cannot serve {0}: {1}",
                        replaced.image().name(),
                        refusal);
                known.failed = true;
            }
            takeIfPossible();
            tellIfReady();
        });
    }

    // ---- the take-over

    void takeOver(List<String> uncertain) {
        lost = uncertain;
        takeIfPossible();
    }

    private void takeIfPossible() {
        final List<String> uncertain = lost;
        if (uncertain == null || state != StandbyState.READY || replacing > 0) {
            return;
        }
        become(StandbyState.TAKING, disks.size() + " disks, without the front ends of " + uncertain);
        final List<DiskState> states = new ArrayList<>();
        for (final Known known : disks.values()) {
            final String name = known.told.image().name();
            if (uncertain.contains(name) || known.failed) {
                hangUp(known);
                states.add(new DiskState(name, known.told.writeback(), new NoFront()));
            } else {
                states.add(new DiskState(name, known.told.writeback(), front(known)));
            }
        }
        target.take(states, this::taken);
    }

    private static Front front(Known known) {
        final DiskImage image = known.told.image();
        if (image.session() == null) {
            return new NoFront();
        }
        if (known.applied) {
            return new SameFront(List.of());
        }
        known.applied = true;
        return new OtherFront(image.connection(), image.session());
    }

    private static void hangUp(Known known) {
        if (!known.applied) {
            known.applied = true;
            Held.descriptors(known.told).forEach(FileDescriptor::close);
        }
        if (known.connection >= 0) {
            try (UnixSocket socket = UnixSocket.adopt(known.connection)) {
                final int _ = socket.shutdown();
            }
            known.connection = -1;
        }
    }

    private void taken(List<String> refused) {
        for (final String name : refused) {
            final Known known = disks.get(name);
            if (known != null) {
                hangUp(known);
            }
        }
        become(StandbyState.OWNER, refused.isEmpty() ? "disks run" : "disks run, but not " + refused);
        target.begin();
        disks.values().forEach(Standby::forget);
        ended.accept(StandbyState.OWNER, "");
    }

    /// There is no holder any more, or nothing to be had from it. If the gate is dead, everything that
    /// is needed is here already.
    void alone(String reason) {
        if (lost == null) {
            abandon(reason);
        }
    }

    private void abandon(String reason) {
        if (!state.canBecome(StandbyState.ABANDONED)) {
            return;
        }
        final boolean starts = state == StandbyState.STARTS;
        become(StandbyState.ABANDONED, reason);
        disks.values().forEach(known -> {
            if (known.quiet != null) {
                known.quiet.cancel();
            }
            forget(known);
        });
        disks.clear();
        if (!starts) {
            target.abandon();
            ended.accept(StandbyState.ABANDONED, reason);
        }
    }
}
