package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.GateState;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcResult;
import io.basalt.gate.volume.StoreVolumeFactory;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.net.sim.SimNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.testkit.Seeds;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The cluster's volumes through the RPC, with a metaserver over a simulated network.
class BasaltMethodsTest {
    private static final long STEP_NS = 1_000_000;
    private static final long BOUND_NS = 100_000_000_000L;
    private static final ClusterKey KEY = new ClusterKey(new byte[ClusterKey.BYTES]);

    @TempDir
    private Path directory;

    /// A gate in a cluster; everything on one reactor.
    private static final class Gate implements AutoCloseable {
        final ManualClock clock = new ManualClock(1_000_000_000L);
        final Arena arena = Arena.ofShared();
        final Reactor reactor = new Reactor(
                ReactorConfiguration.of("test", 0),
                clock::nanoTime,
                new IdleEngine(),
                () -> true,
                (where, source, fault) -> {
                    throw new AssertionError(source + " failed", fault);
                });
        final RpcDispatcher dispatcher = new RpcDispatcher();
        final SimNetwork world;
        final FakeMeta meta;
        final ClusterClient client;
        final VolumeRegistry volumes;
        final FakeControllers controllers;
        final GateMethods methods;

        Gate(Path directory) {
            final RandomGenerator random = Seeds.random(1);
            world = new SimNetwork(clock::nanoTime, random::nextLong, arena);
            final NodeAddress metaAddress = new NodeAddress("meta", 7701);
            meta = new FakeMeta(endpoint("meta", PeerIdentity.Role.META), metaAddress, map());
            final SimEndpoint network = endpoint("gate", PeerIdentity.Role.GATE);
            final NodeRegistration registration = new NodeRegistration(
                    new UUID(3, 4), "gate", NodeRole.GATE, "test", "room", "rack", "gate", "default", List.of());
            client = new ClusterClient(
                    reactor,
                    network,
                    MetaClientOptions.of(List.of(metaAddress), registration, 9),
                    List.of(new ClusterPort(reactor, network, ClusterTimes.DEFAULT, 8)));
            volumes = new VolumeRegistry(new StoreVolumeFactory(client));
            controllers = new FakeControllers(volumes);
            methods = GateMethods.register(
                    dispatcher,
                    volumes,
                    controllers,
                    new FakeReactors(),
                    new GateState(directory),
                    GateLog.install(
                            Logger.getLogger("io.basalt.gate.rpc.method.basalt"),
                            new ByteArrayOutputStream(),
                            LogLevel.NOTICE),
                    new GateSettings("1.2.3-TEST", "abc", 42, Path.of("/run/basalt")),
                    () -> 1234,
                    client);
        }

        private SimEndpoint endpoint(String host, PeerIdentity.Role role) {
            final NetOptions options = NetOptions.DEFAULT.withBuffers(64 << 10, 4 << 20, 64 << 10, 16 << 10);
            return world.open(reactor, host, options, KEY, new PeerIdentity(role, 0, host));
        }

        private static ClusterMap map() {
            final ClusterMapBuilder builder = ClusterMap.builder(new RoutingRule(4, 1, FailureDomain.HOST));
            final Location location = new Location("room", "rack", "chunk");
            builder.addDevice(new Device(1, 1, location, Device.WEIGHT_ONE, DeviceState.UP_IN, "chunk:7100"));
            for (int pg = 0; pg < 4; pg++) {
                builder.pg(pg, 3, ReplicaSet.of(1), 1);
            }
            return builder.build();
        }

        Gate started() {
            assertThat(methods.restore()).isZero();
            return connected();
        }

        Gate connected() {
            client.start();
            until(client::ready);
            return this;
        }

        void until(BooleanSupplier condition) {
            final long endNs = clock.nanoTime() + BOUND_NS;
            while (!condition.getAsBoolean()) {
                assertThat(clock.nanoTime()).isLessThan(endNs);
                if (reactor.runOnce() == 0) {
                    clock.advance(STEP_NS);
                }
            }
        }

        RpcResult result(String method, String parameters) {
            final List<RpcResult> results = new ArrayList<>();
            dispatcher.call(method, GateFixture.json(parameters), results::add);
            until(() -> !results.isEmpty());
            assertThat(results).hasSize(1);
            return results.getFirst();
        }

        JsonNode call(String method, String parameters) {
            final RpcResult result = result(method, parameters);
            assertThat(result.error()).as(method + " " + parameters).isNull();
            return Json.parse(Json.bytes(Objects.requireNonNull(result.value())));
        }

        RpcError failure(String method, String parameters) {
            final RpcError error = result(method, parameters).error();
            return Objects.requireNonNull(error, method + " succeeded");
        }

        JsonNode driver(String name) {
            return call("bdev_get_bdevs", "{'name':'" + name + "'}")
                    .path(0)
                    .path("driver_specific")
                    .path("basalt");
        }

        @Override
        public void close() {
            volumes.close();
            client.close();
        }
    }

    private static final class IdleEngine implements Engine {
        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            return 0;
        }

        @Override
        public void wake() {}

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            throw new AssertionError("no descriptor here");
        }

        @Override
        public void unwatch(int watch) {
            throw new AssertionError("no descriptor here");
        }

        @Override
        public void close() {}
    }

    @Test
    void creatingAttachesAndIsIdempotent() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            final String parameters = "{'name':'disk','volume':'vm1','io_timeout_ms':5000}";
            assertThat(gate.call("bdev_basalt_create", parameters).stringValue())
                    .isEqualTo("disk");
            assertThat(gate.call("bdev_basalt_create", parameters).stringValue())
                    .isEqualTo("disk");
            assertThat(gate.meta.generation).isEqualTo(1);
            final JsonNode bdev = gate.call("bdev_get_bdevs", "{'name':'disk'}").path(0);
            assertThat(bdev.path("num_blocks").longValue()).isEqualTo(2048);
            assertThat(bdev.path("block_size").intValue()).isEqualTo(4096);
            final JsonNode driver = gate.driver("disk");
            assertThat(driver.path("state").stringValue()).isEqualTo("ATTACHED");
            assertThat(driver.path("generation").intValue()).isEqualTo(1);
            assertThat(driver.path("io_timeout_ms").intValue()).isEqualTo(5000);
            assertThat(driver.path("parts").path(0).path("part_id").intValue()).isEqualTo(101);
            gate.until(() -> gate.driver("disk")
                            .path("parts")
                            .path(0)
                            .path("map_version")
                            .intValue()
                    > 0);
            assertThat(gate.call("bdev_get_iostat", "{'name':'disk'}")
                            .path("bdevs")
                            .path(0)
                            .path("driver_specific")
                            .path("basalt")
                            .path("sent")
                            .intValue())
                    .isZero();
        }
    }

    @Test
    void tellsWhereAByteLies() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.until(() -> gate.client.map(1) != null);
            final JsonNode path = gate.call("bdev_basalt_get_path", "{'name':'vm1','offset':2101248}");
            assertThat(path.path("shard").intValue()).isEqualTo(2);
            assertThat(path.path("offset_in_shard").intValue()).isEqualTo(4096);
            assertThat(path.path("epoch").intValue()).isEqualTo(3);
            assertThat(path.path("replicas").path(0).path("address").stringValue())
                    .isEqualTo("chunk:7100");
            assertThat(gate.failure("bdev_basalt_get_path", "{'name':'vm1','offset':8388608}")
                            .field())
                    .isEqualTo("offset");
        }
    }

    @Test
    void deletingDetachesAndIsIdempotent() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'vm1'}");
            assertThat(gate.failure("bdev_basalt_delete", "{'name':'vm1'}").code())
                    .isEqualTo(RpcError.BUSY);
            gate.call("vhost_delete_controller", "{'ctrlr':'v'}");
            assertThat(gate.call("bdev_basalt_delete", "{'name':'vm1'}").booleanValue())
                    .isTrue();
            assertThat(gate.meta.detached).containsExactly(1);
            assertThat(gate.call("bdev_basalt_delete", "{'name':'vm1'}").booleanValue())
                    .isTrue();
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isZero();
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(2);
        }
    }

    @Test
    void saysWhyAVolumeCannotBeAttached() {
        try (Gate gate = new Gate(directory).started()) {
            final RpcError unknown = gate.failure("bdev_basalt_create", "{'name':'disk','volume':'no-such'}");
            assertThat(unknown.code()).isEqualTo(RpcError.NO_DEVICE);
            assertThat(unknown.field()).isEqualTo("volume");
            assertThat(unknown.hint()).contains("no-such");
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'disk','volume':'vm1'}");
            assertThat(gate.failure("bdev_basalt_create", "{'name':'disk','volume':'vm2'}")
                            .field())
                    .isEqualTo("name");
            assertThat(gate.failure("bdev_basalt_create", "{'name':'other','volume':'vm1'}")
                            .reason())
                    .contains("as 'disk'");
        }
    }

    @Test
    void takesAVolumeOverOnlyWhenToldTo() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.meta.giveAway("vm1");
            gate.until(() -> gate.driver("vm1").path("state").stringValue().equals("FENCED"));
            gate.call("bdev_basalt_delete", "{'name':'vm1'}");
            final RpcError served = gate.failure("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(served.code()).isEqualTo(RpcError.BUSY);
            assertThat(served.hint()).contains("take_over");
            gate.call("bdev_basalt_create", "{'name':'vm1','take_over':true}");
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(3);
        }
    }

    @Test
    void growsWithTheClustersVolumeAndTellsItsUsers() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            final List<Long> told = new ArrayList<>();
            gate.volumes.claim("vm1", "the test", false, told::add);
            gate.meta.grow("vm1", 16 << 20);
            gate.until(() -> !told.isEmpty());
            assertThat(told).containsExactly(16L << 20);
            assertThat(gate.call("save_config", "{}").toString()).contains("\"num_blocks\":4096");
        }
    }

    @Test
    void comesBackAtOnceAfterARestartAndIsAttachedAnew() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'disk','volume':'vm1','io_timeout_ms':7000}");
            gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'disk'}");
        }
        try (Gate gate = new Gate(directory)) {
            // Before any metaserver has been found.
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.driver("disk").path("state").stringValue()).isEqualTo("ATTACHING");
            assertThat(gate.call("vhost_get_controllers", "{}").size()).isEqualTo(1);
            gate.meta.generation = 1;
            gate.meta.add("vm1", 12 << 20);
            gate.connected();
            gate.until(() -> gate.driver("disk").path("state").stringValue().equals("ATTACHED"));
            assertThat(gate.driver("disk").path("generation").intValue()).isEqualTo(2);
            assertThat(gate.driver("disk").path("io_timeout_ms").intValue()).isEqualTo(7000);
            assertThat(gate.call("bdev_get_bdevs", "{}")
                            .path(0)
                            .path("num_blocks")
                            .longValue())
                    .isEqualTo(3072);
        }
    }

    @Test
    void aRestartedGateDoesNotTakeAVolumeBackThatAnotherServes() {
        try (Gate gate = new Gate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
        }
        try (Gate gate = new Gate(directory)) {
            assertThat(gate.methods.restore()).isZero();
            gate.meta.add("vm1", 8 << 20);
            gate.connected();
            gate.until(() -> !gate.driver("vm1").path("state").stringValue().equals("ATTACHING"));
            gate.meta.giveAway("vm1");
            gate.until(() -> gate.driver("vm1").path("state").stringValue().equals("FENCED"));
            assertThat(gate.driver("vm1").path("reason").stringValue()).contains("another attachment");
        }
    }

    @Test
    void aGateWithoutAClusterSaysSo() {
        try (GateFixture gate = new GateFixture(directory)) {
            final RpcError error = gate.failure("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(error.code()).isEqualTo(RpcError.UNSUPPORTED);
            assertThat(error.hint()).contains("metaserver");
        }
    }
}
