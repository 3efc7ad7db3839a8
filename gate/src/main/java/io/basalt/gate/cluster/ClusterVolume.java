package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
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
/// | the fields from `running` to `wish` | control reactor | control reactor | control reactor |
public final class ClusterVolume implements Volume, RingListener {
    private static final System.Logger LOG = System.getLogger(ClusterVolume.class.getName());

    private final String name;
    private final String volumeName;
    private final int blockSize;
    private final long ioTimeoutNs;
    private final Reactor control;
    private final List<ClusterPort> ports;
    private final List<ClusterChannel> channels = new ArrayList<>();
    private final ClusterCounters retired = new ClusterCounters();

    /// Sessions whose rings run.
    private final Set<Object> running = Collections.newSetFromMap(new IdentityHashMap<>());

    /// Whose guest has left, while LEFT; and, if another gate is known to have the volume, the words
    /// for it.
    private @Nullable Object leaver;

    private @Nullable String taken;

    /// Whether the attachment that is asked for is to end any other.
    private boolean byForce;

    /// Whether a guest is expected from another gate, and has not come yet.
    private boolean expected;

    /// Changes without a certain answer before this attachment.
    private long unsettledBefore;

    private Consumer<ClusterVolume> wish = _ -> {};

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

    /// Attached when rings start, not before. To be called before anything else.
    ///
    /// @param attach asks the metaserver for the volume, which is ATTACHING
    ClusterVolume standby(boolean incoming, Consumer<ClusterVolume> attach) {
        wish = attach;
        if (incoming) {
            expected = true;
            state = VolumeState.STANDBY;
            reason = "waits for a guest to move here";
        }
        return this;
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

    /// Requests that are under way to the cluster, as they were a moment ago. Any thread.
    public int inFlight() {
        synchronized (channels) {
            return channels.stream().mapToInt(ClusterChannel::glance).sum();
        }
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

    /// How long the devices of a set take for what this gate asks, for all volumes and on all reactors; those that were
    /// asked nothing are not there. Any thread.
    public SortedMap<Integer, DeviceTime> deviceTimes(int setId) {
        final SortedMap<Integer, DeviceTime> sums = new TreeMap<>();
        for (final ClusterPort port : ports) {
            final DeviceTimes times = port.deviceTimes(setId);
            for (int device = 1; device < times.end(); device++) {
                final DeviceTime time = times.of(device);
                if (!time.equals(DeviceTime.NONE)) {
                    sums.merge(device, time, DeviceTime::plus);
                }
            }
        }
        return sums;
    }

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
        expected = false;
        byForce = false;
        unsettledBefore = counters().of(ClusterCounters.Event.UNSETTLED);
        become(VolumeState.ATTACHED, "generation " + granted.generation());
        openChannels().forEach(channel -> channel.port().reactor().post(() -> channel.adopt(granted)));
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
        assert isHeld() : state;
        final VolumeLayout newer;
        try {
            newer = new VolumeLayout(record);
        } catch (IllegalArgumentException unusable) {
            LOG.log(Level.ERROR, "volume={0} keeps its old record: {1}", name, unusable.getMessage());
            return;
        }
        layout = newer;
        final List<ClusterChannel> open = openChannels();
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

    /// Whether the volume was granted to this gate, and nobody has been seen to take it.
    boolean isHeld() {
        return state == VolumeState.ATTACHED || state == VolumeState.LEFT;
    }

    /// Another gate has the volume.
    void fence(String why) {
        assert control.inLoop();
        if (state == VolumeState.LEFT) {
            LOG.log(Level.INFO, "volume={0} cluster-volume={1} its guest has moved: {2}", name, volumeName, why);
            taken = why;
            reason = why;
        } else if (state == VolumeState.ATTACHING || state == VolumeState.ATTACHED) {
            condemn(VolumeState.FENCED, why);
        }
    }

    /// A chunk server has refused a request, because there is a newer attachment. Any reactor.
    void fencedBy(long newerGeneration) {
        control.post(() -> {
            final VolumeLayout known = layout;
            // What was sent in an attachment before this one is of no more interest.
            if (known != null && newerGeneration > known.generation()) {
                fence("a chunk server knows the newer generation " + newerGeneration);
            }
        });
    }

    private void condemn(VolumeState next, String why) {
        become(next, why);
        openChannels().forEach(channel -> channel.port().reactor().post(channel::condemn));
    }

    private List<ClusterChannel> openChannels() {
        synchronized (channels) {
            return List.copyOf(channels);
        }
    }

    /// Another process of this gate is about to serve the volume. Every channel is closed.
    ///
    /// @return the attachment for that process to go on with; null if it has to attach the volume anew
    @Nullable
    VolumeRecord rest() {
        if (!isHeld()) {
            return null;
        }
        final VolumeLayout known = layout;
        final VolumeRecord left = known != null && isSettled() ? known.record() : null;
        become(VolumeState.RESTING, "on its way to another process");
        layout = null;
        leaver = null;
        taken = null;
        return left;
    }

    /// Whether it serves, and every change that was ever sent in this attachment has got its answer: then
    /// nothing of them can come late, and whoever goes on need not be told apart from this process.
    private boolean isSettled() {
        return state == VolumeState.ATTACHED && counters().of(ClusterCounters.Event.UNSETTLED) == unsettledBefore;
    }

    /// It is to be attached here again.
    void wake() {
        if (state == VolumeState.RESTING) {
            become(VolumeState.ATTACHING, "stays");
        }
    }

    // ---- whose rings run ----

    @Override
    public void ringsStart(Object session) {
        assert control.inLoop();
        running.add(session);
        if (state == VolumeState.STANDBY) {
            want("a guest has moved here");
        } else if (state == VolumeState.LEFT && isLeaver(session)) {
            want("the guest that was about to leave stays");
        } else if (state == VolumeState.LEFT) {
            endLeave();
        }
    }

    @Override
    public void ringsStopped(Object session, boolean moving) {
        assert control.inLoop();
        running.remove(session);
        if (moving && running.isEmpty() && state == VolumeState.ATTACHED) {
            leaver = session;
            become(VolumeState.LEFT, "its guest is about to move");
        }
    }

    @Override
    public void sessionEnds(Object session, Runnable abandon) {
        assert control.inLoop();
        final boolean alone = running.size() == 1 && running.contains(session);
        if (state != VolumeState.ATTACHING || !byForce || !alone) {
            return;
        }
        // Nobody is there any more for whom it might be taken from another gate.
        byForce = false;
        if (expected) {
            abandon.run();
            become(VolumeState.STANDBY, "the guest that had moved here has gone");
            openChannels().forEach(channel -> channel.port().reactor().post(channel::forgetWaiting));
        }
    }

    @Override
    public void sessionEnded(Object session) {
        assert control.inLoop();
        running.remove(session);
        if (state == VolumeState.LEFT && isLeaver(session)) {
            endLeave();
        }
    }

    @SuppressWarnings("ReferenceEquality") // a session is itself and no other
    private boolean isLeaver(Object session) {
        return session == leaver;
    }

    /// The guest that has left does not come back: the volume is what it was before, or another gate's.
    private void endLeave() {
        final String another = taken;
        leaver = null;
        taken = null;
        if (another == null) {
            become(VolumeState.ATTACHED, "nobody has taken it");
        } else {
            condemn(VolumeState.FENCED, another);
        }
    }

    private void want(String why) {
        layout = null;
        leaver = null;
        taken = null;
        byForce = true;
        become(VolumeState.ATTACHING, why);
        wish.accept(this);
    }

    /// Whether the attachment that is asked for is to end any other.
    boolean byForce() {
        return byForce;
    }

    /// Whether a guest is expected from another gate, and has not come yet. Control reactor.
    public boolean expected() {
        return expected;
    }

    /// An operator wants the volume here, whoever has it.
    ///
    /// @return whether it is being attached now; not if it is attached already, or cannot be
    boolean takeOver() {
        if (state != VolumeState.FENCED && state != VolumeState.LEFT && state != VolumeState.STANDBY) {
            return false;
        }
        openChannels().forEach(channel -> channel.port().reactor().post(channel::revive));
        expected = false;
        want("an operator takes it");
        return true;
    }

    /// An operator says that a guest will move here.
    ///
    /// @return whether that makes a difference: not if the volume is attached, or its rings run
    boolean expectGuest() {
        if (!running.isEmpty() || (state != VolumeState.FENCED && state != VolumeState.LEFT)) {
            return false;
        }
        layout = null;
        leaver = null;
        taken = null;
        expected = true;
        openChannels().forEach(channel -> channel.port().reactor().post(channel::revive));
        become(VolumeState.STANDBY, "waits for a guest to move here");
        return true;
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
