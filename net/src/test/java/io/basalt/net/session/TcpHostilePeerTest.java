package io.basalt.net.session;

import java.util.random.RandomGenerator;

/// Hostile peers on the network over loopback TCP.
class TcpHostilePeerTest extends HostilePeerContract {
    @Override
    NetworkWorld world(RandomGenerator random) {
        return new TcpWorld();
    }
}
