package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.balance.Balancing;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.gate.cluster.NoEngine;
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
import tools.jackson.databind.JsonNode;

/// A gate in a cluster of a [FakeMeta], over a simulated network; everything on one reactor.
final class ClusterGate implements AutoCloseable {
    private static final long STEP_NS = 1_000_000;
    private static final long BOUND_NS = 100_000_000_000L;
    private static final ClusterKey KEY = new ClusterKey(new byte[ClusterKey.BYTES]);

    final ManualClock clock = new ManualClock(1_000_000_000L);
    final Arena arena = Arena.ofShared();
    final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    final RpcDispatcher dispatcher = new RpcDispatcher();
    final SimNetwork world;
    final FakeMeta meta;
    final ClusterClient client;
    final VolumeRegistry volumes;
    final FakeControllers controllers;
    final GateMethods methods;

    ClusterGate(Path directory) {
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
                new Balancing((_, _) -> () -> {}, new FakeReactors(), controllers),
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

    ClusterGate started() {
        assertThat(methods.restore()).isZero();
        return connected();
    }

    ClusterGate connected() {
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
