package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A volume that the cluster keeps. See [VolumeState] for its life.
///
/// It is there before it is attached: with the size it had when it was last seen, so that guests find their
/// disk as soon as the gate runs; what they ask waits. Bytes never written read as zeros.
///
/// Concurrency: lives on the control reactor. Reactors that serve it have immutable layouts handed to them.
///
/// | field | reader mode | writer mode | owner |
/// |---|---|---|---|
/// | name, volumeName, blockSize, ioTimeoutNs | final | - | - |
/// | state, reason, layout, sizeBytes | volatile, control plane | volatile | control reactor |
/// | channels, retired | under the monitor, control plane | under the monitor | all |
public final class ClusterVolume implements Volume {
    private static final System.Logger LOG = System.getLogger(ClusterVolume.class.getName());

    private final String name;
    private final String volumeName;
    private final int blockSize;
    private final long ioTimeoutNs;
    private final Reactor control;
    private final List<ClusterPort> ports;
    private final List<ClusterChannel> channels = new ArrayList<>();
    private final ClusterCounters retired = new ClusterCounters();

    private volatile VolumeState state = VolumeState.ATTACHING;
    private volatile String reason = "the metaserver has not answered yet";
    private volatile @Nullable VolumeLayout layout;
    private volatile long sizeBytes;

    /// A volume that waits to be attached.
    ///
    /// @param name what the gate's operators know it by
    /// @param volumeName what the cluster knows it by
    /// @param blockSize 512 or 4096, as it was when the volume was last seen
    /// @param sizeBytes in bytes, as it was then
    /// @param ioTimeoutNs nanoseconds after which a piece of a request that gets no result fails; 0 for never
    /// @param ports of all reactors that channels may be opened on
    ClusterVolume(
            String name,
            String volumeName,
            int blockSize,
            long sizeBytes,
            long ioTimeoutNs,
            Reactor control,
            List<ClusterPort> ports) {
        this.name = name;
        this.volumeName = volumeName;
        this.blockSize = blockSize;
        this.sizeBytes = sizeBytes;
        this.ioTimeoutNs = ioTimeoutNs;
        this.control = control;
        this.ports = List.copyOf(ports);
    }

    @Override
    public String name() {
        return name;
    }

    /// What the cluster knows it by. Any thread.
    public String volumeName() {
        return volumeName;
    }

    @Override
    public String productName() {
        return "Basalt volume";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return true;
    }

    /// Where the volume is in its life. Any thread.
    public VolumeState state() {
        return state;
    }

    /// Why it is there, for people. Any thread.
    public String reason() {
        return reason;
    }

    /// What the record of the volume says; null before the volume is attached. Any thread.
    public @Nullable VolumeLayout layout() {
        return layout;
    }

    /// After which time a piece of a request that gets no result fails; 0 for never. Nanoseconds. Any thread.
    public long ioTimeoutNs() {
        return ioTimeoutNs;
    }

    /// What happened to the pieces of all requests so far. Any thread.
    public ClusterCounters counters() {
        final ClusterCounters sum = new ClusterCounters();
        synchronized (channels) {
            sum.add(retired);
            channels.forEach(channel -> sum.add(channel.counters()));
        }
        return sum;
    }

    /// How the connections of all reactors do that serve the volume. Any thread.
    public List<Connections> connections() {
        final List<ClusterPort> serving;
        synchronized (channels) {
            serving = channels.stream().map(ClusterChannel::port).distinct().toList();
        }
        return serving.stream()
                .map(port -> new Connections(port.reactor().id(), port.connectionStatus()))
                .toList();
    }

    /// The connections of one reactor.
    ///
    /// @param reactor number of the reactor
    public record Connections(int reactor, List<LinkStatus> links) {}

    long deadlineNs(long nowNs) {
        return ioTimeoutNs == 0 ? Long.MAX_VALUE : nowNs + ioTimeoutNs;
    }

    // ---- control reactor ----

    /// The metaserver has given the volume to this gate.
    void attached(VolumeRecord record) {
        assert control.inLoop();
        final VolumeLayout granted = layoutOf(record);
        if (granted == null) {
            return;
        }
        layout = granted;
        sizeBytes = granted.sizeBytes();
        become(VolumeState.ATTACHED, "generation " + granted.generation());
        final List<ClusterChannel> open;
        synchronized (channels) {
            open = List.copyOf(channels);
        }
        open.forEach(channel -> channel.port().reactor().post(() -> channel.adopt(granted)));
    }

    private @Nullable VolumeLayout layoutOf(VolumeRecord record) {
        final String wrong;
        try {
            if (record.blockBytes() == blockSize) {
                return new VolumeLayout(record);
            }
            wrong = "its block size is " + record.blockBytes() + ", guests know it by " + blockSize
                    + "; delete the bdev and create it again";
        } catch (IllegalArgumentException unusable) {
            refused(String.valueOf(unusable.getMessage()));
            return null;
        }
        refused(wrong);
        return null;
    }

    /// The metaserver does not give the volume, and will not.
    void refused(String why) {
        condemn(VolumeState.REFUSED, why);
    }

    /// The record of the attached volume has changed: another size, other parts.
    ///
    /// @param adopted run on the control reactor when every channel knows
    void changed(VolumeRecord record, Runnable adopted) {
        assert control.inLoop();
        assert state == VolumeState.ATTACHED;
        final VolumeLayout newer;
        try {
            newer = new VolumeLayout(record);
        } catch (IllegalArgumentException unusable) {
            LOG.log(Level.ERROR, "volume={0} keeps its old record: {1}", name, unusable.getMessage());
            return;
        }
        layout = newer;
        final List<ClusterChannel> open;
        synchronized (channels) {
            open = List.copyOf(channels);
        }
        final int[] left = {open.size() + 1};
        final Runnable one = () -> {
            left[0]--;
            if (left[0] == 0) {
                sizeBytes = newer.sizeBytes();
                adopted.run();
            }
        };
        for (final ClusterChannel channel : open) {
            channel.port().reactor().post(() -> {
                channel.adopt(newer);
                control.post(one);
            });
        }
        one.run();
    }

    /// Another gate has the volume.
    void fence(String why) {
        assert control.inLoop();
        if (!state.fails() && state != VolumeState.RESTING) {
            condemn(VolumeState.FENCED, why);
        }
    }

    /// A chunk server has refused a request, because there is a newer attachment. Any reactor.
    void fencedBy(long newerGeneration) {
        control.post(() -> fence("a chunk server knows the newer generation " + newerGeneration));
    }

    private void condemn(VolumeState next, String why) {
        become(next, why);
        final List<ClusterChannel> open;
        synchronized (channels) {
            open = List.copyOf(channels);
        }
        open.forEach(channel -> channel.port().reactor().post(channel::condemn));
    }

    /// Another process of this gate is about to attach the volume. Every channel is closed.
    void rest() {
        if (state == VolumeState.ATTACHED) {
            become(VolumeState.RESTING, "on its way to another process");
            layout = null;
        }
    }

    /// It is to be attached here again.
    void wake() {
        if (state == VolumeState.RESTING) {
            become(VolumeState.ATTACHING, "stays");
        }
    }

    /// The volume is closed, and the metaserver is being told.
    void detaching() {
        become(VolumeState.DETACHING, "deleted");
    }

    /// The metaserver knows.
    void detached() {
        become(VolumeState.DETACHED, "deleted");
    }

    private void become(VolumeState next, String why) {
        assert control.inLoop();
        assert state.canBecome(next) : state + " -> " + next;
        final boolean bad = next == VolumeState.FENCED || next == VolumeState.REFUSED;
        LOG.log(
                bad ? Level.ERROR : Level.INFO,
                "volume={0} cluster-volume={1} {2} -> {3}: {4}",
                name,
                volumeName,
                state,
                next,
                why);
        reason = why;
        state = next;
    }

    /// The volume still waits for the metaserver, which has said why.
    void waits(String why) {
        if (!why.equals(reason)) {
            LOG.log(Level.WARNING, "volume={0} cluster-volume={1} is not attached yet: {2}", name, volumeName, why);
            reason = why;
        }
    }

    // ---- data reactors ----

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        assert reactor.inLoop();
        final ClusterChannel opened = new ClusterChannel(this, portOf(reactor));
        synchronized (channels) {
            channels.add(opened);
        }
        // Looked at after the channel can be told of changes, so that none is missed.
        final VolumeLayout known = layout;
        if (known != null) {
            opened.adopt(known);
        }
        if (state.fails()) {
            opened.condemn();
        }
        return opened;
    }

    @SuppressWarnings("ReferenceEquality") // a reactor is itself and no other
    private ClusterPort portOf(Reactor reactor) {
        for (final ClusterPort port : ports) {
            if (port.reactor() == reactor) {
                return port;
            }
        }
        throw new IllegalArgumentException(reactor + " has no way to the cluster");
    }

    void channelClosed(ClusterChannel channel) {
        synchronized (channels) {
            channels.remove(channel);
            retired.add(channel.counters());
        }
    }

    @Override
    public void close() {
        synchronized (channels) {
            assert channels.isEmpty() : "channels are closed first";
        }
    }
}
