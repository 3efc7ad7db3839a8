package io.basalt.simulation;

import io.basalt.net.ClusterKey;

/// The secret of every simulated cluster.
final class SimKeys {
    static final ClusterKey KEY = new ClusterKey(new byte[ClusterKey.BYTES]);

    private SimKeys() {}
}
