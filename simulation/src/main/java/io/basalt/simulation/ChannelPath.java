package io.basalt.simulation;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;

/// A channel on each of a gate's data reactors, which a guest uses as a gate's queues would. Ends with the
/// gate.
final class ChannelPath implements GuestPath {
    private final ClusterVolume volume;
    private final long owner;
    private final List<Way> ways = new ArrayList<>();

    /// A reactor of the gate, and the volume's channel there.
    private record Way(Reactor reactor, VolumeChannel channel) {}

    /// @param owner number of the gate's process
    ChannelPath(ClusterVolume volume, long owner, List<SimReactor> reactors, RegionTable memory) {
        this.volume = volume;
        this.owner = owner;
        for (final SimReactor each : reactors) {
            final VolumeChannel channel = volume.openChannel(each.reactor());
            channel.useMemory(memory);
            ways.add(new Way(each.reactor(), channel));
        }
    }

    @Override
    public int ways() {
        return ways.size();
    }

    @Override
    public void later(int way, long delayNs, Runnable what) {
        final Reactor reactor = ways.get(way).reactor;
        reactor.post(() -> reactor.schedule(delayNs, what));
    }

    @Override
    public BlockStatus submit(GuestRequest request) {
        request.begins(owner);
        return ways.get(request.way).channel.submit(request);
    }

    @Override
    public boolean isLost() {
        return volume.state().fails();
    }

    @Override
    public String describe() {
        return volume.state() + " " + volume.connections();
    }
}
