package io.basalt.simulation;

import io.basalt.net.NetOptions;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import java.util.ArrayList;
import java.util.List;

/// One life of a process, as a rule on a host of its own: reactors, and a network on each. Ends at any moment.
final class SimProcess {
    private static final int CONTROL_POOL_BYTES = 4 << 16;

    /// Bounds of the networks that carry data: small, so that credits and buffers run out.
    private static final NetOptions DATA =
            new NetOptions(64, 64, 1 << 16, 24 << 16, 1 << 14, 1 << 12, 16, 300_000_000L, 100_000_000L, 400_000_000L);

    /// Those of the networks that the metaserver is spoken to with.
    private static final NetOptions CONTROL = DATA.withBuffers(1 << 16, CONTROL_POOL_BYTES, 1 << 14, 1 << 12);

    private final World world;
    private final String host;
    private final String address;
    private final List<SimReactor> reactors = new ArrayList<>();
    private boolean hasEnded;

    SimProcess(World world, String host) {
        this(world, host, host);
    }

    /// @param address what the network knows it by, where several processes live on one host
    SimProcess(World world, String host, String address) {
        this.world = world;
        this.host = host;
        this.address = address;
    }

    String host() {
        return host;
    }

    boolean hasEnded() {
        return hasEnded;
    }

    /// A reactor of the process, running from now on.
    SimReactor reactor(String name) {
        final SimReactor made = new SimReactor(world, host, name);
        reactors.add(made);
        world.add(made);
        return made;
    }

    /// A network for data.
    SimEndpoint dataNetwork(SimReactor reactor, PeerIdentity.Role role) {
        return network(reactor, role, DATA);
    }

    /// A network for the talk with the metaserver, or the metaserver's own.
    SimEndpoint controlNetwork(SimReactor reactor, PeerIdentity.Role role) {
        return network(reactor, role, CONTROL);
    }

    private SimEndpoint network(SimReactor reactor, PeerIdentity.Role role, NetOptions options) {
        final SimEndpoint made =
                world.network().open(reactor.reactor(), address, options, SimKeys.KEY, new PeerIdentity(role, 0, host));
        reactor.add(made);
        return made;
    }

    /// The whole process does not run for a while.
    void pause(long untilNs) {
        reactors.forEach(reactor -> reactor.pause(untilNs));
    }

    /// The process is gone, at this very moment.
    ///
    /// @param silent whether its peers hear nothing of that
    void end(boolean silent) {
        hasEnded = true;
        reactors.forEach(world::remove);
        world.network().crash(address, silent);
    }
}
