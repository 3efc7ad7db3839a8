package io.basalt.simulation;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// One life of a gate's process: a control reactor with the production [ClusterClient], which is not
/// started yet, and data reactors with a [ClusterPort] each.
final class GateProcess {
    static final int DATA_REACTORS = 2;

    private final SimProcess process;
    private final SimReactor control;
    private final List<SimReactor> data = new ArrayList<>();
    private final ClusterClient client;

    /// @param address what the network knows it by
    /// @param uuid of the node
    GateProcess(World world, SimRandom random, Scenario scenario, String host, String address, UUID uuid) {
        process = new SimProcess(world, host, address);
        control = process.reactor("control");
        final List<ClusterPort> ports = new ArrayList<>();
        for (int index = 0; index < DATA_REACTORS; index++) {
            final SimReactor reactor = process.reactor("data" + index);
            final SimEndpoint network = process.dataNetwork(reactor, PeerIdentity.Role.GATE);
            data.add(reactor);
            ports.add(new ClusterPort(
                    reactor.reactor(), network, scenario.cluster().gate(), random.nextLong() | 1));
        }
        final SimEndpoint network = process.controlNetwork(control, PeerIdentity.Role.GATE);
        final NodeRegistration registration = new NodeRegistration(
                uuid, host, NodeRole.GATE, "simulation", "room", "rack", host, Simulation.SET, List.of());
        client = new ClusterClient(
                control.reactor(),
                network,
                scenario.cluster().control().clientOptions(registration, random.nextLong() | 1),
                ports);
    }

    SimProcess process() {
        return process;
    }

    SimReactor control() {
        return control;
    }

    List<SimReactor> data() {
        return data;
    }

    ClusterClient client() {
        return client;
    }

    boolean hasEnded() {
        return process.hasEnded();
    }

    /// End it, at this very moment.
    ///
    /// @param silent whether its peers hear nothing of that
    void end(boolean silent) {
        process.end(silent);
    }

    /// Let it not run for a while.
    void pause(long untilNs) {
        process.pause(untilNs);
    }

    /// Let one of the data reactors not run for a while: what it has heard last grows old.
    void pauseReactor(int index, long untilNs) {
        data.get(index % DATA_REACTORS).pause(untilNs);
    }
}
