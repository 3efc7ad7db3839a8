package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.sim.SimNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.testkit.ManualClock;
import io.basalt.testkit.Seeds;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A few devices with production stores on simulated disks, one placement group, and a metaserver that does
/// what the test says. Time moves by hand, in small steps, when something is awaited. One thread.
final class TestCluster implements AutoCloseable {
    static final int BLOCK = 4096;
    static final int SHARD = TestDevice.SHARD_BYTES;
    static final ChunkSettings SETTINGS =
            new ChunkSettings(64, 128, 8, 16, 60_000_000, 2_000_000, 300_000_000, 10_000_000, 30_000_000, 200_000_000);

    private static final long STEP_NS = 50_000;
    private static final long STEPS_MAX = 400_000;
    private static final int IDLE_TURNS = 3;

    private final RandomGenerator random = Seeds.random(Seeds.next());
    private final ManualClock clock = new ManualClock();
    private final Arena arena = Arena.ofShared();
    private final SimNetwork network = new SimNetwork(clock::nanoTime, random::nextLong, arena);
    private final ChunkSettings settings;
    private final int entries;
    private final @Nullable Path folder;
    private final List<TestDevice> devices = new ArrayList<>();
    private final List<TestGate> gates = new ArrayList<>();
    private final Map<Long, Long> generations = new HashMap<>();
    private final List<String> wishes = new ArrayList<>();
    private final Map<Integer, long[]> partsHeld = new TreeMap<>();
    private final Set<Integer> sentToOld = new TreeSet<>();
    private boolean speaksOld;
    private boolean grants = true;
    private boolean takesBack = true;
    private boolean isReached = true;
    private ClusterMap map;

    TestCluster(int count) {
        this(count, SETTINGS, 0);
    }

    /// @param entries shards that each device can know; 0 for the usual number
    TestCluster(int count, ChunkSettings settings, int entries) {
        this(count, settings, entries, null);
    }

    /// @param folder for the devices' files; null for simulated disks
    TestCluster(int count, ChunkSettings settings, int entries, @Nullable Path folder) {
        this.folder = folder;
        this.settings = settings;
        this.entries = entries;
        ClusterMap made = ClusterMap.builder(new RoutingRule(1, count, FailureDomain.HOST))
                .build();
        final int[] order = new int[count];
        for (int id = 1; id <= count; id++) {
            made = made.withDevice(new Device(
                    id,
                    id,
                    new Location("room", "rack", TestDevice.host(id)),
                    Device.WEIGHT_ONE,
                    DeviceState.UP_IN,
                    new NodeAddress(TestDevice.host(id), 7710).toString()));
            order[id - 1] = id;
        }
        map = made.withPg(0, 1, ReplicaSet.of(order), (1 << count) - 1);
        generations.put(TestGate.VOLUME, 1L);
        for (int id = 1; id <= count; id++) {
            devices.add(new TestDevice(this, id));
        }
        devices.forEach(TestDevice::format);
        devices.forEach(TestDevice::start);
        awaitServing(1);
    }

    TestGate gate() {
        final TestGate gate = new TestGate(this, gates.size() + 1L);
        gates.add(gate);
        return gate;
    }

    TestDevice on(int id) {
        return devices.get(id - 1);
    }

    /// Whether peers speak version 1 of the protocol to processes that begin from now on.
    void speaksOld(boolean nowOld) {
        speaksOld = nowOld;
    }

    /// Types of what was sent to peers that speak version 1.
    Set<Integer> sentToOld() {
        return sentToOld;
    }

    Network asSpoken(Network over) {
        return speaksOld ? new OldNetwork(over, sentToOld) : over;
    }

    ManualClock clock() {
        return clock;
    }

    SimNetwork network() {
        return network;
    }

    Arena arena() {
        return arena;
    }

    ChunkSettings settings() {
        return settings;
    }

    int entries() {
        return entries;
    }

    @Nullable
    Path folder() {
        return folder;
    }

    long random() {
        return random.nextLong();
    }

    int pgOf(int shard) {
        return map.pgOf(TestGate.PART, shard);
    }

    int epochOf(int shard) {
        return map.epoch(pgOf(shard));
    }

    int epoch() {
        return map.epoch(0);
    }

    /// What was wished of the metaserver, in order.
    List<String> wishes() {
        return wishes;
    }

    /// Parts that a device has said to hold when it looked last.
    long[] partsHeldBy(int id) {
        return partsHeld.getOrDefault(id, new long[0]);
    }

    /// Fewest copies that a change must be on from now on.
    void minCopies(int fewest) {
        publish(map.toBuilder().minCopies(fewest).build());
    }

    /// Whether wishes for another in-sync set are granted.
    void grants(boolean nowOn) {
        grants = nowOn;
    }

    /// Whether the metaserver is of a release that takes wishes back.
    void takesBack(boolean nowOn) {
        takesBack = nowOn;
    }

    /// Whether the metaserver is reached by who wants earlier wishes taken back.
    void isReached(boolean nowOn) {
        isReached = nowOn;
    }

    // Time.

    private void step() {
        clock.advance(STEP_NS);
        for (int turn = 0; turn < IDLE_TURNS; turn++) {
            devices.forEach(TestDevice::turn);
            gates.forEach(TestGate::turn);
        }
    }

    void await(String what, BooleanSupplier holds) {
        for (long steps = 0; !holds.getAsBoolean(); steps++) {
            if (steps == STEPS_MAX) {
                throw new AssertionError("still waiting for " + what + ": " + describe());
            }
            step();
        }
    }

    void run(long ns) {
        final long untilNs = clock.nanoTime() + ns;
        while (clock.nanoTime() < untilNs) {
            step();
        }
    }

    void awaitServing(int id) {
        await(
                "device " + id + " to serve",
                () -> on(id).isOpen() && on(id).device().state(0) == PgState.SERVING);
    }

    /// Send until it is not answered that it must be sent again.
    AnswerCode settled(Supplier<TestGate.Request> send) {
        AnswerCode code = send.get().await();
        for (int tries = 0; code.isRetried() && tries < 1000; tries++) {
            run(1_000_000);
            code = send.get().await();
        }
        return code;
    }

    /// Write a whole shard.
    void fill(TestGate gate, int device, int shard, int with) {
        for (int at = 0; at < SHARD; at += DataMessage.DATA_BYTES_MAX) {
            final int from = at;
            assertThat(settled(() -> gate.write(device, shard, from, DataMessage.DATA_BYTES_MAX, with)))
                    .isEqualTo(AnswerCode.OK);
        }
    }

    /// Whether all of a shard reads as one byte.
    boolean reads(TestGate gate, int device, int shard, int expected) {
        for (int at = 0; at < SHARD; at += DataMessage.DATA_BYTES_MAX) {
            final int from = at;
            final TestGate.Request[] read = new TestGate.Request[1];
            assertThat(settled(() -> read[0] = gate.read(device, shard, from, DataMessage.DATA_BYTES_MAX)))
                    .isEqualTo(AnswerCode.OK);
            if (!read[0].isAll(expected)) {
                return false;
            }
        }
        return true;
    }

    private String describe() {
        final StringBuilder text = new StringBuilder();
        for (final TestDevice each : devices) {
            text.append(each.isOpen() ? each.device().describe() : "device " + each.id() + " is down")
                    .append(System.lineSeparator());
        }
        return text.toString();
    }

    // The metaserver.

    /// A process has begun.
    void tell(ChunkDevice device) {
        generations.forEach(device::generationRaised);
        device.generationsAreKnown();
        device.mapChanged(map);
    }

    void raise(long generation) {
        generations.put(TestGate.VOLUME, generation);
        devices.stream()
                .filter(TestDevice::isOpen)
                .forEach(each -> each.device().generationRaised(TestGate.VOLUME, generation));
    }

    /// Another configuration holds, and only some devices hear of it.
    void configureFor(List<Integer> hears, List<Integer> order, List<Integer> inSync) {
        map = changed(order, inSync);
        hears.forEach(id -> on(id).device().mapChanged(map));
    }

    /// Another configuration holds.
    ///
    /// @param order of the copies
    /// @param inSync devices that are in sync
    void configure(List<Integer> order, List<Integer> inSync) {
        publish(changed(order, inSync));
    }

    private ClusterMap changed(List<Integer> order, List<Integer> inSync) {
        int mask = 0;
        for (int index = 0; index < order.size(); index++) {
            mask |= inSync.contains(order.get(index)) ? 1 << index : 0;
        }
        return map.withPg(
                0,
                map.epoch(0) + 1,
                ReplicaSet.of(order.stream().mapToInt(Integer::intValue).toArray()),
                mask);
    }

    private void publish(ClusterMap next) {
        map = next;
        devices.stream()
                .filter(TestDevice::isOpen)
                .forEach(each -> each.device().mapChanged(next));
    }

    boolean isInSync(int id) {
        final int index = map.pgTable().indexOf(0, id);
        return index >= 0 && map.inSync(0, index);
    }

    /// A wish that was on its way for long comes to the metaserver at last; only some devices hear what follows.
    ///
    /// @param passedOver a primary that is recorded as down in the same step
    void grantLate(int epoch, int deviceId, int passedOver) {
        if (map.epoch(0) == epoch) {
            configureFor(List.of(deviceId), List.of(deviceId, passedOver), List.of(deviceId));
        }
    }

    private void raise(int epoch) {
        if (map.epoch(0) == epoch) {
            publish(map.withPg(
                    0, epoch + 1, map.pgTable().replicas(0), map.pgTable().inSyncMask(0)));
        }
    }

    private void change(int epoch, int deviceId, boolean inSync) {
        final int index = map.pgTable().indexOf(0, deviceId);
        if (!grants || map.epoch(0) != epoch || index < 0 || (inSync && map.inSync(0, index))) {
            return;
        }
        final int was = map.pgTable().inSyncMask(0);
        final int mask = inSync ? was | 1 << index : was & ~(1 << index);
        if (mask != 0) {
            publish(map.withPg(0, epoch + 1, map.pgTable().replicas(0), mask));
        }
    }

    Membership membership() {
        return new Membership() {
            @Override
            public void removeFromInSync(int pg, int epoch, int deviceId) {
                wishes.add("remove " + deviceId);
                later(() -> change(epoch, deviceId, false));
            }

            @Override
            public void addToInSync(int pg, int epoch, int deviceId) {
                wishes.add("add " + deviceId);
                later(() -> change(epoch, deviceId, true));
            }

            @Override
            public void takeBack(int pg, int epoch, int deviceId, Runnable cannot) {
                wishes.add("take back " + deviceId);
                if (isReached) {
                    later(takesBack ? () -> raise(epoch) : cannot);
                }
            }

            @Override
            public void partsHeld(int deviceId, long[] partIds) {
                partsHeld.put(deviceId, partIds);
            }
        };
    }

    /// A map never comes from inside the wish for it.
    private void later(Runnable what) {
        for (final TestDevice each : devices) {
            if (each.isOpen()) {
                each.device().reactor().post(what);
                return;
            }
        }
    }

    @Override
    public void close() {
        devices.stream().filter(TestDevice::isRunning).forEach(TestDevice::kill);
        arena.close();
    }
}
