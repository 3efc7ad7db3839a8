package io.basalt.simulation;

import io.basalt.meta.state.MetaCommand;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.DeviceState;
import java.util.List;

/// The operator who looks after devices that cannot be opened any more: where a change wants as many copies as are left
/// and one more, nothing but another device helps. One is added, and the lost one is taken out.
final class Spares {
    private static final long LOOK_NS = 50_000_000;

    private final World world;
    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final Runnable addNode;

    /// @param nodes all that there are, at any time
    /// @param addNode has one more node join
    Spares(World world, MetaNode meta, List<StorageNode> nodes, Runnable addNode) {
        this.world = world;
        this.meta = meta;
        this.nodes = nodes;
        this.addNode = addNode;
    }

    /// Look now, and again and again from now on.
    void look() {
        for (final StorageNode node : List.copyOf(nodes)) {
            if (node.isRefused() && node.deviceId() != 0) {
                replace(node);
            }
        }
        world.after(LOOK_NS, this::look);
    }

    private void replace(StorageNode lost) {
        if (!lost.isDrained()) {
            lost.drained();
            addNode.run();
        }
        final ClusterMap map = meta.map();
        final var place = map == null ? null : map.device(lost.deviceId());
        if (place != null && place.state() != DeviceState.OUT) {
            world.note("an operator takes device " + lost.deviceId() + " out, which is lost");
            meta.propose(
                    new MetaCommand.AdminDevice(lost.deviceId(), MetaCommand.AdminDevice.Action.OUT, 0),
                    result -> world.note("device " + lost.deviceId() + " is out: " + result.code()));
        }
    }
}
