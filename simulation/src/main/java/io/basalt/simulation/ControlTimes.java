package io.basalt.simulation;

import io.basalt.net.meta.MetaClientOptions;
import io.basalt.wire.meta.NodeRegistration;
import java.util.List;

/// How often nodes and metaserver speak to each other, nanoseconds.
///
/// @param heartbeatNs how often nodes give a sign of life
/// @param timeoutNs after how long without one a node is down
/// @param reportNs how often devices say how full they are
/// @param requestNs how long a request to the metaserver is tried again
/// @param attemptNs how long one attempt may take
/// @param reconnectNs pause between two attempts to connect
record ControlTimes(long heartbeatNs, long timeoutNs, long reportNs, long requestNs, long attemptNs, long reconnectNs) {
    private static final long MS_NS = 1_000_000;

    /// What suits a data centre.
    static final ControlTimes DEFAULT =
            new ControlTimes(100 * MS_NS, 600 * MS_NS, 1000 * MS_NS, 5000 * MS_NS, 1000 * MS_NS, 100 * MS_NS);

    /// Times drawn from a seed.
    static ControlTimes of(SimRandom random) {
        final long heartbeatNs = random.between(20, 150) * MS_NS;
        return new ControlTimes(
                heartbeatNs,
                heartbeatNs * random.between(3, 6),
                random.between(50, 400) * MS_NS,
                random.between(1000, 6000) * MS_NS,
                random.between(300, 2000) * MS_NS,
                random.between(10, 100) * MS_NS);
    }

    /// What a node's client is made with.
    MetaClientOptions clientOptions(NodeRegistration registration, long instance) {
        return new MetaClientOptions(
                List.of(MetaNode.ADDRESS), registration, instance, true, requestNs, attemptNs, reconnectNs);
    }
}
