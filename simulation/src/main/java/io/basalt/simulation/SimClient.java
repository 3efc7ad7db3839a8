package io.basalt.simulation;

import io.basalt.block.RegionTable;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.simulation.check.RegisterHistory;
import io.basalt.simulation.check.VolumeHistory;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.RequestIdentities;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A gate reduced to what the cluster sees of one: routes by the map, gives identities, sends again until
/// answered, and
/// keeps the order of what it sends again. Reads, writes, discards and zeroes at random places, all noted in a
/// history.
///
/// **Order.** Operations on the same blocks may be under way together on one connection, whose answers come in
/// the order
/// of execution. Once one of them has to be sent again, it is sent
/// when no later one on its blocks is under way, and later ones wait for it: what a former primary may have
/// executed
/// already is executed again before anything newer is.
final class SimClient {
    /// What a client does, as weights.
    ///
    /// @param splitsReads whether every other operation is a read, all through the same reactor
    record Mix(int read, int write, int partialWrite, int discard, int zeroes, boolean splitsReads) {}

    /// The data that a client works on.
    record Part(long volumeId, long partId, int shards, int blocksPerShard) {}

    private static final long DEADLINE_NS = 1_500_000_000L;
    private static final int SLOT_BYTES = DataMessage.DATA_BYTES_MAX;
    private static final int SECTOR = DataMessage.SECTOR_BYTES;
    private static final int BLOCK = DataMessage.BLOCK_BYTES;

    private final World world;
    private final SimRandom random;
    private final VolumeHistory history;
    private final Part part;
    private final SimReactor reactor;
    private final SimEndpoint network;
    private final MemorySegment memory;
    private final RegionTable table;
    private final List<ClientOperation> operations = new ArrayList<>();

    /// Changes that began before a newer attachment was granted; those that have an answer do not mind.
    private final List<RegisterHistory.Operation> unknown = new ArrayList<>();
    private final Map<Integer, Link> links = new HashMap<>();

    /// The client has as many reactors as this; each knows what map it was told last, and numbers its own changes.
    private static final int REACTORS = 2;

    private final ClusterMap[] maps = new ClusterMap[REACTORS];
    private final RequestIdentities[] identities = new RequestIdentities[REACTORS];
    private final long[] gateInstances = new long[REACTORS];
    private final long generation;
    private final Mix mix;
    private long number;
    private long fencedAt = RegisterHistory.NEVER;
    private boolean isFenced;
    private boolean isStopped;
    private int toDo;
    private int done;
    private long thinkNs;

    private int @Nullable [] sweep;

    /// A connection to a device; null while there is none.
    private static final class Link {
        private @Nullable Connection connection;
        private boolean ready;
        private long nextNs;
    }

    SimClient(
            World world,
            SimRandom random,
            StandInMeta meta,
            VolumeHistory history,
            Part part,
            String host,
            long generation,
            Mix mix,
            int depth) {
        this.world = world;
        this.random = random;
        this.history = history;
        this.part = part;
        this.generation = generation;
        this.mix = mix;
        reactor = new SimReactor(world, host);
        network = world.network()
                .open(
                        reactor.reactor(),
                        host,
                        StorageNode.NET_OPTIONS,
                        World.key(),
                        new PeerIdentity(PeerIdentity.Role.GATE, 0, host));
        memory = world.arena().allocate((long) depth * SLOT_BYTES, BLOCK);
        table = new RegionTable(List.of(memory));
        network.useMemory(table, Network.MemoryKind.OWN);
        for (int slot = 0; slot < depth; slot++) {
            operations.add(new ClientOperation(this, world.arena(), slot));
        }
        world.add(reactor);
        for (int index = 0; index < REACTORS; index++) {
            final int mine = index;
            maps[mine] = meta.map();
            identities[mine] = new RequestIdentities(meta.map().pgCount());
            gateInstances[mine] = random.nextLong() | 1;
            meta.watch(newer -> {
                if (newer.version() > maps[mine].version()) {
                    maps[mine] = newer;
                }
            });
        }
        reactor.reactor().schedule(0, this::tick);
    }

    /// Do some more operations, with a pause after each of at most so long.
    void work(int count, long pauseNs) {
        toDo += count;
        thinkNs = pauseNs;
    }

    /// Read everything once.
    void readAll() {
        sweep = new int[] {0, 0};
    }

    /// The process is gone, with whatever was under way.
    void crash() {
        world.note(network.host() + " is killed");
        isStopped = true;
        isFenced = true;
        world.remove(reactor);
        world.network().crash(network.host(), false);
        operations.clear();
    }

    /// A newer attachment is granted: whatever of this one's changes has no answer yet never takes effect later.
    void superseded() {
        if (fencedAt != RegisterHistory.NEVER) {
            return;
        }
        fencedAt = history.event();
        unknown.forEach(register -> register.endedUnknown(fencedAt));
    }

    boolean isIdle() {
        for (final ClientOperation each : operations) {
            if (each.isBusy) {
                return false;
            }
        }
        return isFenced || (toDo == 0 && sweep == null);
    }

    int done() {
        return done;
    }

    /// Start nothing any more; what is under way goes on.
    void stop() {
        toDo = 0;
        sweep = null;
        isStopped = true;
    }

    /// What is under way, for people.
    String pending() {
        final StringBuilder text = new StringBuilder();
        for (final ClientOperation each : operations) {
            if (each.isBusy) {
                text.append(" [type ").append(each.kind).append(" shard ").append(each.shard);
                text.append(" pg ").append(each.pg).append(each.isInFlight ? " in flight]" : " waits]");
            }
        }
        return text.toString();
    }

    // Starting.

    private void tick() {
        for (final ClientOperation each : operations) {
            if (!each.isBusy && world.nowNs() >= each.sendAtNs) {
                start(each);
            }
            if (each.isBusy && !each.isInFlight && world.nowNs() >= each.sendAtNs) {
                send(each);
            }
        }
        reactor.reactor().schedule(1_000_000, this::tick);
    }

    private static int reactorOf(ClientOperation operation) {
        return operation.slot % REACTORS;
    }

    private void start(ClientOperation operation) {
        if (isFenced || isStopped || (toDo == 0 && sweep == null)) {
            return;
        }
        if (sweep == null) {
            toDo--;
            draw(operation);
        } else {
            sweepNext(operation, sweep);
        }
        operation.pg = maps[reactorOf(operation)].pgOf(part.partId, operation.shard);
        operation.sequence = 0;
        if (DataMessage.isChange(operation.kind)) {
            operation.sequence = identities[reactorOf(operation)].claim(operation.pg);
            if (operation.sequence == 0) {
                operation.kind = DataMessage.READ;
            }
        }
        operation.isBusy = true;
        operation.isRetried = false;
        operation.number = ++number;
        operation.stamp = operation.kind == DataMessage.WRITE ? generation << 40 | operation.number : 0;
        note(operation);
    }

    private void sweepNext(ClientOperation operation, int[] at) {
        operation.kind = DataMessage.READ;
        operation.shard = at[0];
        operation.offset = at[1] * BLOCK;
        operation.length = Math.min(16, part.blocksPerShard - at[1]) * BLOCK;
        at[1] += 16;
        if (at[1] >= part.blocksPerShard) {
            at[1] = 0;
            at[0]++;
        }
        if (at[0] == part.shards) {
            sweep = null;
        }
    }

    private void draw(ClientOperation operation) {
        int draw = random.below(mix.read + mix.write + mix.partialWrite + mix.discard + mix.zeroes);
        operation.shard = random.below(part.shards);
        final int block = random.below(part.blocksPerShard);
        final int blocks = 1 + random.below(Math.min(random.chance(20) ? 16 : 3, part.blocksPerShard - block));
        operation.offset = block * BLOCK;
        operation.length = blocks * BLOCK;
        if ((draw -= mix.read) < 0 || (mix.splitsReads && reactorOf(operation) == 1)) {
            operation.kind = DataMessage.READ;
        } else if ((draw -= mix.write) < 0) {
            operation.kind = DataMessage.WRITE;
        } else if ((draw -= mix.partialWrite) < 0) {
            operation.kind = DataMessage.WRITE;
            final int skipped = random.below(8) * SECTOR;
            operation.offset += skipped;
            operation.length = SECTOR * (1 + random.below((operation.length - skipped) / SECTOR));
        } else {
            operation.kind = (draw -= mix.discard) < 0 ? DataMessage.DISCARD : DataMessage.WRITE_ZEROES;
            if (random.chance(20)) {
                operation.offset = 0;
                operation.length = part.blocksPerShard * BLOCK;
            } else if (random.chance(20)) {
                operation.offset += SECTOR;
                operation.length -= SECTOR;
            }
        }
    }

    private void note(ClientOperation operation) {
        operation.registers.clear();
        final long now = history.event();
        operation.beganAt = now;
        final boolean isChange = DataMessage.isChange(operation.kind);
        for (int at = operation.offset; at < operation.offset + operation.length; at += SECTOR) {
            final RegisterHistory register = history.sector(operation.shard, at / SECTOR);
            final RegisterHistory.Operation noted =
                    isChange ? register.write(operation.stamp, now) : register.read(now);
            if (isChange) {
                noted.endedUnknown(fencedAt);
                unknown.add(noted);
            }
            operation.registers.add(noted);
        }
    }

    // Sending.

    private void send(ClientOperation operation) {
        if (mustWait(operation)) {
            return;
        }
        final ClusterMap map = maps[reactorOf(operation)];
        final Link link = link(map.device(map.primaryDevice(operation.pg)));
        if (link == null || !link.ready || link.connection == null) {
            return;
        }
        final long base = (long) operation.slot * SLOT_BYTES;
        final MemorySegment body = operation.begin(ClientRequest.BYTES, world.nowNs() + DEADLINE_NS);
        ShardRange.target(
                body, part.volumeId, generation, part.partId, operation.shard, operation.pg, map.epoch(operation.pg));
        ShardRange.range(body, operation.offset, operation.length, 0);
        ClientRequest.identity(
                body,
                operation.sequence == 0 ? 0 : gateInstances[reactorOf(operation)],
                operation.sequence,
                operation.sequence == 0 ? 0 : identities[reactorOf(operation)].oldest(operation.pg));
        operation.outgoing().reset(table);
        operation.incoming().reset(table);
        if (operation.kind == DataMessage.WRITE) {
            fill(operation, base);
            operation.outgoing().add(0, base, operation.length);
        } else if (operation.kind == DataMessage.READ) {
            operation.incoming().add(0, base, operation.length);
        }
        operation.isInFlight = link.connection.send(operation);
    }

    private boolean mustWait(ClientOperation operation) {
        for (final ClientOperation other : operations) {
            if (other.isBusy && other.number != operation.number) {
                final boolean either = DataMessage.isChange(other.kind) || DataMessage.isChange(operation.kind);
                if (operation.conflictsWith(other, either)) {
                    final boolean isEarlier = other.number < operation.number;
                    final boolean isSameWay = reactorOf(other) == reactorOf(operation);
                    if ((isEarlier && (other.isRetried || operation.isRetried || !other.isInFlight || !isSameWay))
                            || (!isEarlier && other.isInFlight)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private @Nullable Link link(@Nullable Device device) {
        if (device == null) {
            return null;
        }
        final Link link = links.computeIfAbsent(device.id(), id -> new Link());
        if (link.connection == null && world.nowNs() >= link.nextNs) {
            final int colon = device.address().lastIndexOf(':');
            final NodeAddress address = new NodeAddress(
                    device.address().substring(0, colon),
                    Integer.parseInt(device.address().substring(colon + 1)));
            link.connection = network.connect(
                    address, incoming -> incoming.answer(AnswerCode.BAD_REQUEST.code(), 0), new ConnectionListener() {
                        @Override
                        public void ready(Connection connection) {
                            link.ready = true;
                        }

                        @Override
                        public void closed(Connection connection, String reason) {
                            link.ready = false;
                            link.connection = null;
                            link.nextNs = world.nowNs() + 20_000_000;
                        }
                    });
        }
        return link;
    }

    // Answers.

    void answered(ClientOperation operation, CallStatus status, int codeNumber) {
        operation.isInFlight = false;
        final AnswerCode code = status == CallStatus.ANSWERED ? AnswerCode.of(codeNumber) : null;
        world.trace().add(operation.number * 31 + codeNumber);
        if (code == AnswerCode.OK) {
            succeeded(operation);
        } else if (code == AnswerCode.FENCED) {
            // The newer grant itself may still be on its way to us.
            isFenced = true;
            final long now = history.event();
            if (DataMessage.isChange(operation.kind)) {
                operation.registers.forEach(register -> register.endedUnknown(now));
            }
            end(operation);
        } else if (code == AnswerCode.NO_SPACE) {
            operation.registers.forEach(RegisterHistory.Operation::without);
            end(operation);
        } else if (code == null || code.isRetried()) {
            operation.isRetried = true;
            operation.sendAtNs = world.nowNs() + random.between(1_000_000, 30_000_000);
        } else {
            throw new SimulationFailure("a gate's request was answered " + code + ":" + " type " + operation.kind
                    + " shard " + operation.shard + " offset " + operation.offset + " length " + operation.length
                    + " pg " + operation.pg);
        }
    }

    private void succeeded(ClientOperation operation) {
        final long now = history.event();
        if (operation.kind == DataMessage.READ) {
            seen(operation, now);
        } else {
            if (operation.beganAt > fencedAt) {
                throw new SimulationFailure("S9: a change of generation " + generation
                        + " was executed although it began after a newer one was granted");
            }
            operation.registers.forEach(register -> register.acknowledged(now));
        }
        done++;
        end(operation);
    }

    private void seen(ClientOperation operation, long now) {
        long at = (long) operation.slot * SLOT_BYTES;
        int sector = operation.offset / SECTOR;
        for (final RegisterHistory.Operation register : operation.registers) {
            final long stamp = memory.get(ValueLayout.JAVA_LONG, at);
            final long place = memory.get(ValueLayout.JAVA_LONG, at + 8);
            final long last = memory.get(ValueLayout.JAVA_LONG, at + SECTOR - 8);
            if (last != stamp || place != (stamp == 0 ? 0 : place(operation.shard, sector))) {
                throw new SimulationFailure("S6/S18: shard " + operation.shard + " sector " + sector + " reads "
                        + Long.toHexString(stamp) + ", " + Long.toHexString(place) + ", "
                        + Long.toHexString(last) + ", which nobody wrote there");
            }
            register.returned(stamp, now);
            at += SECTOR;
            sector++;
        }
    }

    private void fill(ClientOperation operation, long base) {
        int sector = operation.offset / SECTOR;
        for (long at = base; at < base + operation.length; at += SECTOR) {
            memory.set(ValueLayout.JAVA_LONG, at, operation.stamp);
            memory.set(ValueLayout.JAVA_LONG, at + 8, place(operation.shard, sector));
            for (long gap = at + 16; gap < at + SECTOR - 8; gap += 8) {
                memory.set(ValueLayout.JAVA_LONG, gap, 0);
            }
            memory.set(ValueLayout.JAVA_LONG, at + SECTOR - 8, operation.stamp);
            sector++;
        }
    }

    private long place(int shard, int sector) {
        return part.partId << 40 | (long) shard << 20 | sector;
    }

    private void end(ClientOperation operation) {
        if (operation.sequence != 0) {
            identities[reactorOf(operation)].release(operation.pg, operation.sequence);
        }
        operation.isBusy = false;
        operation.sendAtNs = world.nowNs() + (thinkNs == 0 ? 0 : random.between(0, thinkNs));
    }
}
