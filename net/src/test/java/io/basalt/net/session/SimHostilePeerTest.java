package io.basalt.net.session;

import java.util.random.RandomGenerator;

/// Hostile peers on the simulated network.
class SimHostilePeerTest extends HostilePeerContract {
    @Override
    NetworkWorld world(RandomGenerator random) {
        return new SimWorld(random);
    }
}
