package io.basalt.simulation;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.simulation.check.RegisterHistory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A virtual machine with one disk: reads, writes, discards, write zeroes and flushes at random places of a
/// production [io.basalt.gate.cluster.ClusterVolume], reached by a [GuestPath], all noted in a history.
///
/// Every sector that is written carries the number of its write and its place, so that a read tells which
/// write it has seen, and nothing that belongs elsewhere goes unnoticed.
final class Guest {
    static final int SECTOR = 512;
    static final int BLOCK = 4096;
    static final int REQUEST_BYTES_MAX = 24 * BLOCK;
    private static final int REDRAWS = 6;
    private static final int ECHOES = 3;
    private static final int SWEEP_BYTES = 16 * BLOCK;

    private final World world;
    private final SimRandom streams;
    private final Plan plan;

    /// Of the operation that is being drawn.
    private SimRandom random;

    private final DiskHistory disk;
    private final GuestPath path;
    private final String name;
    private final long owner;
    private final GuestMix mix;
    private final List<GuestRequest> requests = new ArrayList<>();
    private final List<MemorySegment> regions;
    private final RegionTable table;

    /// Changes that have no answer.
    private final List<Unknown> unknown = new ArrayList<>();

    /// When a newer attachment was granted than that of a gate's tenure.
    private final Map<Long, Long> fences = new HashMap<>();

    private long number;
    private boolean isOver;
    private int toDo;
    private long thinkNs;
    private int done;
    private int failed;

    private @Nullable BlockOperation sweep;

    private long sweepAt;

    /// @param tenure of the gate that was to execute it
    private record Unknown(long tenure, RegisterHistory.Operation operation) {}

    /// @param owner number of who asks: part of every stamp
    /// @param path made with the guest's memory
    Guest(
            World world,
            SimRandom random,
            DiskHistory disk,
            String name,
            long owner,
            Scenario.Load load,
            Plan plan,
            Function<RegionTable, GuestPath> path) {
        this.world = world;
        this.random = random;
        streams = random;
        this.disk = disk;
        this.name = name;
        this.owner = owner;
        mix = load.mix();
        this.plan = plan;
        final long bytes = (long) load.depth() * REQUEST_BYTES_MAX;
        regions = List.of(world.arena().allocate(bytes, BLOCK), world.arena().allocate(bytes, BLOCK));
        table = new RegionTable(regions, load.sealed());
        this.path = path.apply(table);
        for (int slot = 0; slot < load.depth(); slot++) {
            requests.add(new GuestRequest(this, slot, slot % this.path.ways()));
        }
    }

    /// Do some more operations, with a pause after each of at most so long.
    void work(int count, long pauseNs) {
        toDo += count;
        thinkNs = pauseNs;
        requests.forEach(this::startLater);
    }

    /// Do one operation to everything, range after range.
    void sweep(BlockOperation operation) {
        sweep = operation;
        sweepAt = 0;
        thinkNs = 0;
        requests.forEach(this::startLater);
    }

    /// Another attachment was granted: whatever of a tenure's changes has no answer yet takes no effect later.
    void superseded(long tenure, long at) {
        if (fences.putIfAbsent(tenure, at) == null) {
            unknown.forEach(each -> {
                if (each.tenure == tenure) {
                    each.operation.endedUnknown(at);
                }
            });
        }
    }

    private long fencedAt(long tenure) {
        return fences.getOrDefault(tenure, RegisterHistory.NEVER);
    }

    /// Start nothing any more.
    void stop() {
        isOver = true;
        toDo = 0;
        sweep = null;
    }

    /// The gate's process is gone with whatever was under way.
    void crash() {
        stop();
        requests.forEach(each -> world.coverage().saw(Sighting.UNKNOWN_CHANGE, each.isBusy && each.isChange() ? 1 : 0));
        requests.clear();
    }

    boolean isIdle() {
        for (final GuestRequest each : requests) {
            if (each.isBusy) {
                return false;
            }
        }
        return isOver || (toDo == 0 && sweep == null);
    }

    /// Operations that have succeeded.
    int done() {
        return done;
    }

    /// Operations that have failed, because the gate was fenced.
    int failed() {
        return failed;
    }

    /// What is under way, for people.
    String pending() {
        final StringBuilder text = new StringBuilder();
        for (final GuestRequest each : requests) {
            if (each.isBusy) {
                text.append(" [").append(each.operation()).append(' ').append(each.offset());
                text.append('+')
                        .append(each.length())
                        .append(" by reactor ")
                        .append(each.way)
                        .append(']');
            }
        }
        return text + " " + path.describe();
    }

    // Starting.

    private void startLater(GuestRequest request) {
        final long pauseNs = thinkNs == 0 ? 0 : random.between(0, thinkNs);
        path.later(request.way, pauseNs, () -> start(request));
    }

    private void start(GuestRequest request) {
        if (request.isBusy || isOver || (toDo == 0 && sweep == null)) {
            return;
        }
        if (path.isLost()) {
            stop();
            return;
        }
        final String key = owner + "/" + disk.number() + "/" + ++number;
        random = streams.fork(key);
        if (sweep == null) {
            if (!plan.has(key)) {
                toDo--;
                startLater(request);
                return;
            }
            if (!draw(request)) {
                startLater(request);
                return;
            }
            toDo--;
        } else {
            sweepNext(request, sweep);
        }
        request.isBusy = true;
        request.number = number;
        request.stamp = request.operation() == BlockOperation.WRITE ? owner << 40 | request.number : 0;
        addData(request);
        final BlockStatus status = path.submit(request);
        if (status != BlockStatus.PENDING) {
            completed(request, status);
        }
    }

    private void sweepNext(GuestRequest request, BlockOperation operation) {
        final long length = Math.min(SWEEP_BYTES, disk.sizeBytes() - sweepAt);
        request.ask(operation, sweepAt, length, true, table);
        sweepAt += length;
        if (sweepAt == disk.sizeBytes()) {
            sweep = null;
        }
    }

    /// Draw an operation.
    ///
    /// @return false if all that were drawn touch what another reactor changes
    private boolean draw(GuestRequest request) {
        for (int time = 0; time < REDRAWS; time++) {
            drawOne(request);
            if (mix.sharesBlocks() || !meetsOtherWay(request)) {
                return true;
            }
        }
        return false;
    }

    private boolean meetsOtherWay(GuestRequest request) {
        for (final GuestRequest other : requests) {
            if (other.isBusy && other.way != request.way && other.conflictsWith(request)) {
                return true;
            }
        }
        return false;
    }

    private void drawOne(GuestRequest request) {
        int draw = random.below(mix.sum());
        final int blocksOfDisk = (int) (disk.sizeBytes() / BLOCK);
        final int block = random.below(blocksOfDisk);
        final int most = random.chance(20) ? REQUEST_BYTES_MAX / BLOCK : 3;
        final int blocks = 1 + random.below(Math.min(most, blocksOfDisk - block));
        long offset = (long) block * BLOCK;
        long length = (long) blocks * BLOCK;
        if ((draw -= mix.read()) < 0 || (mix.splitsReads() && request.way == 1)) {
            request.ask(BlockOperation.READ, offset, length, false, table);
        } else if ((draw -= mix.write()) < 0) {
            request.ask(BlockOperation.WRITE, offset, length, false, table);
        } else if ((draw -= mix.partialWrite()) < 0) {
            final int skipped = random.below(8) * SECTOR;
            offset += skipped;
            length = (long) SECTOR * (1 + random.below((int) (length - skipped) / SECTOR));
            request.ask(BlockOperation.WRITE, offset, length, false, table);
        } else if ((draw -= mix.flush()) < 0) {
            request.ask(BlockOperation.FLUSH, 0, 0, false, table);
        } else {
            final BlockOperation operation =
                    (draw -= mix.discard()) < 0 ? BlockOperation.DISCARD : BlockOperation.WRITE_ZEROES;
            if (random.chance(mix.discard() >= GuestMix.MANY_DISCARDS ? 60 : 20)) {
                offset = offset / DiskStorage.SHARD_BYTES * DiskStorage.SHARD_BYTES;
                length = DiskStorage.SHARD_BYTES;
            } else if (mix.partialWrite() > 0 && random.chance(30)) {
                offset += SECTOR;
                length -= SECTOR;
            }
            request.ask(operation, offset, length, random.chance(50), table);
        }
    }

    /// The data of a request lies in up to four entries, in either region.
    private void addData(GuestRequest request) {
        if (request.operation() != BlockOperation.READ && request.operation() != BlockOperation.WRITE) {
            return;
        }
        final long base = (long) request.slot * REQUEST_BYTES_MAX;
        final int sectors = (int) (request.length() / SECTOR);
        int from = 0;
        for (int entry = 0; entry < 3 && from < sectors - 1 && random.chance(30); entry++) {
            final int count = 1 + random.below(sectors - from - 1);
            request.data().add(random.below(2), base + (long) from * SECTOR, count * SECTOR);
            from += count;
        }
        request.data().add(random.below(2), base + (long) from * SECTOR, (sectors - from) * SECTOR);
        if (request.operation() == BlockOperation.WRITE) {
            forEachSector(request, (memory, at, sector) -> fill(memory, at, sector, request.stamp));
        }
    }

    /// Sees a sector of a request's data.
    private interface SectorVisitor {
        /// @param memory that it lies in
        /// @param at where in the memory
        /// @param sector number on the disk
        void sector(MemorySegment memory, long at, long sector);
    }

    private void forEachSector(GuestRequest request, SectorVisitor visitor) {
        long sector = request.offset() / SECTOR;
        for (int entry = 0; entry < request.data().count(); entry++) {
            final MemorySegment memory = regions.get(request.data().region(entry));
            final long end = request.data().offset(entry) + request.data().length(entry);
            for (long at = request.data().offset(entry); at < end; at += SECTOR) {
                visitor.sector(memory, at, sector++);
            }
        }
    }

    private void fill(MemorySegment memory, long at, long sector, long stamp) {
        memory.asSlice(at, SECTOR).fill((byte) 0);
        memory.set(ValueLayout.JAVA_LONG, at, stamp);
        memory.set(ValueLayout.JAVA_LONG, at + 8, disk.place(sector));
        memory.set(ValueLayout.JAVA_LONG, at + SECTOR - 8, stamp);
    }

    void begins(GuestRequest request, long tenure) {
        final long fencedAt = fencedAt(tenure);
        request.tenure = tenure;
        request.registers.clear();
        request.echoes.clear();
        final long now = disk.history().event();
        request.beganAt = now;
        request.beganNs = world.nowNs();
        final boolean isChange = request.isChange();
        for (long at = request.offset(); at < request.offset() + request.length(); at += SECTOR) {
            final RegisterHistory register = disk.register(at / SECTOR);
            final RegisterHistory.Operation noted = isChange ? register.write(request.stamp, now) : register.read(now);
            if (isChange) {
                noted.endedUnknown(fencedAt);
                unknown.add(new Unknown(tenure, noted));
            }
            request.registers.add(noted);
        }
        if (mix.sharesBlocks()) {
            for (final GuestRequest other : requests) {
                if (other.isBusy && other.way != request.way && other.conflictsWith(request)) {
                    echo(other, now);
                    echo(request, now);
                }
            }
        }
    }

    /// A change that is under way together with one of another reactor may be executed anew by a new primary after
    /// that other one: nothing at the gate orders the two.
    private void echo(GuestRequest request, long now) {
        if (!request.isChange() || !request.echoes.isEmpty()) {
            return;
        }
        for (long at = request.offset(); at < request.offset() + request.length(); at += SECTOR) {
            for (int count = 0; count < ECHOES; count++) {
                final RegisterHistory.Operation echo =
                        disk.register(at / SECTOR).write(request.stamp, now);
                echo.endedUnknown(fencedAt(request.tenure));
                unknown.add(new Unknown(request.tenure, echo));
                request.echoes.add(echo);
            }
        }
    }

    // Answers.

    void completed(GuestRequest request, BlockStatus status) {
        world.trace().add(request.number * 31 + status.code());
        final long now = disk.history().event();
        if (status == BlockStatus.OK) {
            succeeded(request, now);
        } else if (status == BlockStatus.NO_SPACE) {
            world.coverage().saw(Sighting.NO_SPACE);
        } else {
            failed++;
            mustBeFenced(request, status);
        }
        request.isBusy = false;
        startLater(request);
    }

    /// A request fails for no other reason than that another gate has the volume. The control reactor
    /// learns of that a moment later.
    private void mustBeFenced(GuestRequest request, BlockStatus status) {
        final String what = name + ": " + request.operation() + " " + request.offset() + "+" + request.length();
        world.after(1_000_000, () -> {
            if (!isOver && !path.isLost()) {
                throw new SimulationFailure("a guest's request ended with " + status + ": " + what);
            }
        });
    }

    private void succeeded(GuestRequest request, long now) {
        done++;
        if (request.operation() == BlockOperation.READ) {
            final int[] index = {0};
            forEachSector(request, (memory, at, sector) -> {
                request.registers.get(index[0]).returned(seen(memory, at, sector), now);
                index[0]++;
            });
        } else if (request.isChange()) {
            if (request.beganAt > fencedAt(request.tenure)) {
                throw new SimulationFailure("S9: a change of " + name
                        + " was executed although it began after a newer attachment was granted");
            }
            world.acknowledged(disk, request.offset(), request.length(), request.beganNs);
            request.registers.forEach(register -> register.acknowledged(now));
            request.echoes.forEach(register -> register.endedUnknown(now));
        }
    }

    private long seen(MemorySegment memory, long at, long sector) {
        final long stamp = memory.get(ValueLayout.JAVA_LONG, at);
        final long place = memory.get(ValueLayout.JAVA_LONG, at + 8);
        final long last = memory.get(ValueLayout.JAVA_LONG, at + SECTOR - 8);
        if (last != stamp || place != (stamp == 0 ? 0 : disk.place(sector))) {
            throw new SimulationFailure("S6/S18: " + name + ": sector " + sector + " reads " + Long.toHexString(stamp)
                    + ", " + Long.toHexString(place) + ", " + Long.toHexString(last) + ", which nobody wrote there");
        }
        return stamp;
    }
}
