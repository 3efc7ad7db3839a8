package io.basalt.net.session;

import java.util.random.RandomGenerator;

/// The contract over loopback TCP.
class TcpContractTest extends NetworkContract {
    @Override
    NetworkWorld world(RandomGenerator random) {
        return new TcpWorld();
    }
}
