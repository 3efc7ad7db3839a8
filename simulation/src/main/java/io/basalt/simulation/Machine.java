package io.basalt.simulation;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A virtual machine with one disk: its [Guest], the rings, and the front end, which says something to the
/// gate now and then, and connects again when it is hung up on. Outlives every gate.
final class Machine implements GuestPath {
    private static final long MS_NS = 1_000_000;
    private static final long SAYS_NS = 25 * MS_NS;
    private static final long CONNECTS_NS = 4 * MS_NS;

    private final World world;
    private final SimRandom random;
    private final DiskHistory disk;
    private final boolean hasInflight;
    private final Host host;
    private final List<Ring> rings = new ArrayList<>();
    private final boolean isSealed;

    private @Nullable Guest guest;
    private @Nullable RegionTable table;
    private @Nullable Connection connection;
    private boolean isQuiet;

    /// Where the machine runs.
    interface Host {
        /// The process that front ends of a disk find listening; null if none is.
        @Nullable
        RingGate listener(Machine machine);

        /// A front end has said something.
        void readable(Machine machine);
    }

    /// The connection of a front end to whoever has descriptors of it.
    final class Connection implements Descriptors.OpenFile {
        private int said;
        private int heard;
        private boolean isHungUp;

        /// Which processes read it is for them to settle.
        ///
        /// @return how many messages there are to be read
        int unread() {
            return said - heard;
        }

        /// Take messages out.
        void read() {
            heard = said;
        }

        /// How many were ever read, by whomever.
        int heard() {
            return heard;
        }

        boolean isHungUp() {
            return isHungUp;
        }

        Machine machine() {
            return Machine.this;
        }

        /// Say to the front end that this is the end.
        void hangUp() {
            if (!isHungUp) {
                isHungUp = true;
                lost(this);
            }
        }

        @Override
        public void closed() {
            hangUp();
        }
    }

    /// @param hasInflight whether the front end keeps a record of what is under way; otherwise it asks for
    ///     everything anew after a crash
    Machine(
            World world,
            SimRandom random,
            Scenario scenario,
            Plan plan,
            DiskHistory disk,
            boolean hasInflight,
            Host host) {
        this.world = world;
        this.random = random;
        this.disk = disk;
        this.hasInflight = hasInflight;
        this.host = host;
        isSealed = scenario.load().sealed();
        for (int index = 0; index < GateProcess.DATA_REACTORS; index++) {
            rings.add(new Ring(disk.volumeName() + " ring " + index));
        }
        guest = new Guest(
                world, random.fork("guest"), disk, disk.volumeName() + " guest", 1, scenario.load(), plan, memory -> {
                    table = memory;
                    return this;
                });
        connectLater();
        sayLater();
    }

    DiskHistory disk() {
        return disk;
    }

    Guest guest() {
        return Objects.requireNonNull(guest);
    }

    List<Ring> rings() {
        return rings;
    }

    boolean hasInflight() {
        return hasInflight;
    }

    /// Whether a gate has accepted it.
    boolean isConnected() {
        return connection != null;
    }

    /// The guest's memory as one more process maps it.
    RegionTable mapped() {
        final RegionTable own = Objects.requireNonNull(table);
        final List<MemorySegment> regions = new ArrayList<>();
        for (int index = 0; index < own.count(); index++) {
            regions.add(own.segment(index));
        }
        return new RegionTable(regions, isSealed);
    }

    /// Say nothing more to gates that is not asked for.
    void quiet() {
        isQuiet = true;
    }

    // The front end.

    private void sayLater() {
        world.after(random.between(MS_NS, SAYS_NS), () -> {
            final Connection open = connection;
            if (open != null && !isQuiet) {
                open.said++;
                host.readable(this);
            }
            if (!isQuiet) {
                sayLater();
            }
        });
    }

    private void lost(Connection which) {
        if (which.equals(connection)) {
            world.note(disk.volumeName() + ": its front end is hung up on");
            connection = null;
            connectLater();
        }
    }

    private void connectLater() {
        world.after(random.between(0, CONNECTS_NS), this::connect);
    }

    private void connect() {
        final RingGate gate = host.listener(this);
        if (gate == null || !rings.stream().allMatch(Ring::isFree)) {
            connectLater();
            return;
        }
        if (!hasInflight) {
            rings.forEach(Ring::reset);
        }
        final Connection made = new Connection();
        connection = made;
        gate.accept(this, made);
    }

    // The guest's path.

    @Override
    public int ways() {
        return rings.size();
    }

    @Override
    public void later(int way, long delayNs, Runnable what) {
        world.after(delayNs, what);
    }

    @Override
    public BlockStatus submit(GuestRequest request) {
        rings.get(request.way).post(request);
        return BlockStatus.PENDING;
    }

    @Override
    public boolean isLost() {
        return false;
    }

    @Override
    public String describe() {
        final StringBuilder text = new StringBuilder(connection == null ? "not connected" : "connected");
        rings.forEach(ring -> text.append("; ").append(ring.describe()));
        return text.toString();
    }
}
