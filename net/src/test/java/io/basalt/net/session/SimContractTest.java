package io.basalt.net.session;

import java.util.random.RandomGenerator;

/// The contract over the simulated network.
class SimContractTest extends NetworkContract {
    @Override
    NetworkWorld world(RandomGenerator random) {
        return new SimWorld(random);
    }
}
