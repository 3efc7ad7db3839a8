package io.basalt.gate.cluster;

import io.basalt.net.Network;
import io.basalt.net.meta.ContactLog;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.meta.MetaListener;
import io.basalt.net.meta.MetaReply;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The gate's side of its conversation with the metaserver: attaches and detaches volumes, and hands maps
/// and layouts to the data reactors as immutable objects. Lives on the control reactor, whose
/// thread every method belongs to. Control plane.
public final class ClusterClient implements MetaListener, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ClusterClient.class.getName());

    /// Pause before a volume that could not be attached yet is asked for again.
    private static final long ATTACH_AGAIN_NS = 1_000_000_000L;

    private static final long CONNECT_LOOK_NS = 5_000_000;

    /// How often who follows looks whether it has a connection to every chunk server.
    private static final long RECONNECT_NS = 1_000_000_000L;

    private static final String HANDED_OVER = "the gate is just being handed over to another process; ask again";

    private final ContactLog contact;
    private final Reactor control;
    private final List<ClusterPort> ports;
    private final MetaClient meta;
    private final MetaClient follower;
    private final List<ClusterVolume> volumes = new ArrayList<>();
    private final Map<String, VolumeRecord> grants = new HashMap<>();
    private final Map<Integer, ClusterMap> maps = new HashMap<>();
    private Consumer<ClusterVolume> resizeListener = _ -> {};
    private Consumer<ClusterVolume> arrivalListener = _ -> {};
    private @Nullable ServeListener serveListener;
    private final Map<ClusterVolume, Consumer<@Nullable String>> waiting = new HashMap<>();
    private final Set<ClusterVolume> asking = new HashSet<>();
    private final Set<ClusterVolume> inherited = new HashSet<>();
    private @Nullable Timer reconnects;
    private boolean holding;
    private boolean closed;

    /// Who serves a volume to guests when the metaserver asks for it.
    public interface ServeListener {
        /// Attach the volume and serve it. Idempotent.
        void serve(String volumeName, MetaReply<ServeResult> reply);

        /// Stop serving it, and detach it. Idempotent.
        void release(String volumeName, MetaReply<Boolean> reply);
    }

    /// A client that does nothing until it is started.
    ///
    /// @param network of the control reactor; stays the caller's
    /// @param ports one for each data reactor
    public ClusterClient(Reactor control, Network network, MetaClientOptions options, List<ClusterPort> ports) {
        this.control = control;
        contact = new ContactLog(
                control.clock(), line -> LOG.log(Level.WARNING, line), line -> LOG.log(Level.INFO, line));
        this.ports = List.copyOf(ports);
        this.meta = new MetaClient(control, network, options, this);
        this.follower = new MetaClient(
                control, network, MetaClientOptions.tool(options.endpoints(), options.instance()), new MetaListener() {
                    @Override
                    public void mapChanged(int setId, ClusterMap map) {
                        ClusterClient.this.mapChanged(setId, map);
                    }
                });
    }

    /// Begin: find the metaserver, register, hear of maps.
    public void start() {
        meta.start();
    }

    /// Told when a volume has another size and every reactor knows.
    public void onResize(Consumer<ClusterVolume> listener) {
        resizeListener = listener;
    }

    /// Told when a volume has been attached for a guest that was expected.
    public void onArrival(Consumer<ClusterVolume> listener) {
        arrivalListener = listener;
    }

    /// Serves volumes when the metaserver asks for it; none does unless set.
    public void onServe(ServeListener listener) {
        serveListener = listener;
    }

    /// Whether the metaserver can be reached, and knows this gate.
    public boolean ready() {
        return meta.ready();
    }

    /// The newest map of a set, null if none has come yet.
    public @Nullable ClusterMap map(int setId) {
        return maps.get(setId);
    }

    // ---- volumes ----

    /// Attach a volume that [#open] is to find attached.
    ///
    /// @param takeOver whether another gate that serves it is to be fenced; otherwise that is refused
    /// @param reply hears of the record; who gives up on it afterwards calls [#forgo]
    public void attach(String volumeName, boolean takeOver, MetaReply<VolumeRecord> reply) {
        meta.attach(volumeName, takeOver, new MetaReply<>() {
            @Override
            public void done(VolumeRecord record) {
                grants.put(volumeName, record);
                reply.done(record);
            }

            @Override
            public void refused(MetaCode code, String reason) {
                reply.refused(code, reason);
            }
        });
    }

    /// Give an attachment back that was not opened. Does nothing if it was.
    public void forgo(String volumeName) {
        final VolumeRecord record = grants.remove(volumeName);
        if (record != null) {
            detach(record.volumeId(), record.generation(), volumeName, () -> {});
        }
    }

    /// Open a volume: attached if [#attach] was granted before, else it is attached as soon as the
    /// metaserver can be asked; until then requests wait.
    ///
    /// @param name what the gate's operators know it by
    /// @param volumeName what the cluster knows it by
    /// @param blockSize 512 or 4096, as it was when the volume was last seen
    /// @param sizeBytes bytes, as it was then
    /// @param ioTimeoutNs nanoseconds after which a piece of a request that gets no result fails; 0
    ///     for never
    public ClusterVolume open(String name, String volumeName, int blockSize, long sizeBytes, long ioTimeoutNs) {
        return open(name, volumeName, blockSize, sizeBytes, ioTimeoutNs, false);
    }

    /// The same, or, for a guest that will move here from another gate, attached by force when its
    /// rings start.
    ///
    /// @param incoming whether such a guest is expected
    public ClusterVolume open(
            String name, String volumeName, int blockSize, long sizeBytes, long ioTimeoutNs, boolean incoming) {
        final ClusterVolume opened = new ClusterVolume(
                        name, volumeName, blockSize, sizeBytes, ioTimeoutNs, control, ports)
                .standby(incoming, this::attachNow);
        volumes.add(opened);
        final VolumeRecord granted = grants.remove(volumeName);
        if (granted != null) {
            opened.attached(granted);
        } else {
            attach(opened);
        }
        return opened;
    }

    /// Ask what is known of a volume, without attaching it.
    public void lookup(String volumeName, MetaReply<VolumeRecord> reply) {
        meta.lookup(volumeName, reply);
    }

    /// Attach a volume that is open here and another gate's, whoever has it.
    ///
    /// @return whether it is being attached; not if it is attached here already, or never can be
    public boolean takeOver(ClusterVolume volume) {
        return volume.takeOver();
    }

    /// Have a volume that is open here, and another gate's, wait for a guest to move here.
    ///
    /// @return whether it does; not if it is attached here, or still used
    public boolean expectGuest(ClusterVolume volume) {
        return volume.expectGuest() || volume.state() == VolumeState.STANDBY;
    }

    /// The volume of this name in the cluster that is open here, null if there is none.
    public @Nullable ClusterVolume find(String volumeName) {
        return volumes.stream()
                .filter(volume -> volume.volumeName().equals(volumeName))
                .findFirst()
                .orElse(null);
    }

    // ---- hand-over to another process of this gate

    /// From now on volumes that are opened are not attached, until [#attachHeld] or [#attachAll()].
    public void holdAttachments() {
        holding = true;
    }

    /// Attach a volume that was held back: the generation rises, so that the process before writes
    /// nothing more.
    ///
    /// @param attached told null when that is so, or another gate has the volume, now as before, or a
    ///     guest is expected; else why it is not
    public void attachHeld(ClusterVolume volume, Consumer<@Nullable String> attached) {
        if (volume.state() != VolumeState.ATTACHING) {
            attached.accept(refusal(volume));
            return;
        }
        waiting.put(volume, attached);
        attachNow(volume);
    }

    /// Go on with an attachment of the process before, which has got an answer to everything that it asked: the
    /// generation stays, as nothing of that process can come late.
    ///
    /// @param attachment as that process knew it
    /// @return whether the volume is attached now; otherwise nothing was done
    public boolean inherit(ClusterVolume volume, VolumeRecord attachment) {
        if (volume.state() != VolumeState.ATTACHING) {
            return false;
        }
        inherited.add(volume);
        granted(volume, attachment);
        return volume.state() == VolumeState.ATTACHED;
    }

    /// What has become of volumes whose attachments were inherited: nobody has been told of changes meanwhile.
    private void lookAtInherited() {
        for (final ClusterVolume volume : List.copyOf(inherited)) {
            inherited.remove(volume);
            meta.lookup(volume.volumeName(), new MetaReply<>() {
                @Override
                public void done(VolumeRecord record) {
                    volumeChanged(record);
                }

                @Override
                public void refused(MetaCode code, String reason) {
                    LOG.log(
                            Level.WARNING,
                            "cluster-volume={0} may have another size than is known here: {1} {2}",
                            volume.volumeName(),
                            code,
                            reason);
                }
            });
        }
    }

    /// Connect every data reactor with every chunk server, so that a guest need not wait for that.
    ///
    /// @param tries how often it is looked whether that has come to its end, every 5 ms
    /// @param then run in any case: what is not connected will be when it is needed
    public void connect(int tries, Runnable then) {
        final int[] left = {ports.size()};
        final boolean[] connected = {true};
        for (final ClusterPort port : ports) {
            port.reactor().post(() -> {
                final boolean done = port.connect();
                control.post(() -> {
                    connected[0] &= done;
                    left[0]--;
                    if (left[0] > 0) {
                        return;
                    }
                    if (connected[0] || tries == 0) {
                        then.run();
                    } else {
                        control.schedule(CONNECT_LOOK_NS, () -> connect(tries - 1, then));
                    }
                });
            });
        }
    }

    /// Attach everything that was held back.
    public void attachAll() {
        holding = false;
        List.copyOf(volumes).forEach(this::attach);
        lookAtInherited();
    }

    /// Hear of maps without being the gate's node, instead of [#start()]: another process of this gate
    /// is. [#resume] makes this one the node. Every data reactor stays connected with the chunk servers, so that
    /// a guest whose gate has died need not wait for that.
    public void follow() {
        follower.start();
        stayConnected();
    }

    private void stayConnected() {
        ports.forEach(port -> port.reactor().post(port::reconnect));
        reconnects = control.schedule(RECONNECT_NS, this::stayConnected);
    }

    private void endFollowing() {
        follower.close();
        final Timer next = reconnects;
        reconnects = null;
        if (next != null) {
            next.cancel();
        }
    }

    /// Be nobody to the metaserver for a while: another process of this gate is its node now.
    /// Volumes that are attached go on, and follow the maps as before.
    public void pause() {
        meta.close();
        follower.start();
    }

    /// Be the node again.
    ///
    /// @param superseded whether the other process may have attached volumes that did not rest:
    ///     they are attached anew
    public void resume(boolean superseded) {
        endFollowing();
        meta.start();
        if (superseded) {
            volumes.stream().filter(ClusterVolume::isHeld).forEach(volume -> {
                volume.rest();
                wake(volume);
            });
        }
    }

    /// Let a volume rest, whose channels are closed: another process serves it.
    ///
    /// @return its attachment, for the other process to [#inherit]; null if that has to attach it anew, because
    ///     a change may be on its way still
    public @Nullable VolumeRecord rest(ClusterVolume volume) {
        return volume.rest();
    }

    /// Attach a volume again that rested.
    public void wake(ClusterVolume volume) {
        volume.wake();
        attach(volume);
    }

    private void tellWaiting(ClusterVolume volume) {
        final Consumer<@Nullable String> waits = waiting.remove(volume);
        if (waits != null) {
            waits.accept(refusal(volume));
        }
    }

    private static @Nullable String refusal(ClusterVolume volume) {
        return switch (volume.state()) {
            case ATTACHED, STANDBY, FENCED -> null;
            default -> volume.reason();
        };
    }

    private void attach(ClusterVolume volume) {
        if (!holding) {
            attachNow(volume);
        }
    }

    private void attachNow(ClusterVolume volume) {
        // Asked twice, it would be granted twice, and each grant ends the one before.
        if (closed || volume.state() != VolumeState.ATTACHING || !asking.add(volume)) {
            return;
        }
        final boolean byForce = volume.byForce();
        meta.attach(volume.volumeName(), byForce, new MetaReply<>() {
            @Override
            public boolean wanted() {
                return volume.state() == VolumeState.ATTACHING && volume.byForce() == byForce;
            }

            @Override
            public void done(VolumeRecord record) {
                asking.remove(volume);
                if (volume.state() == VolumeState.ATTACHING) {
                    granted(volume, record);
                } else {
                    // Deleted while it was being asked for, or its guest has gone.
                    detach(record.volumeId(), record.generation(), volume.volumeName(), () -> {});
                }
            }

            @Override
            public void refused(MetaCode code, String reason) {
                asking.remove(volume);
                if (volume.state() == VolumeState.ATTACHING) {
                    attachRefused(volume, code, reason);
                }
            }
        });
    }

    private void granted(ClusterVolume volume, VolumeRecord record) {
        final long before = volume.sizeBytes();
        final boolean expected = volume.expected();
        volume.attached(record);
        if (volume.sizeBytes() != before) {
            resizeListener.accept(volume);
        }
        if (expected && !volume.expected()) {
            arrivalListener.accept(volume);
        }
        tellWaiting(volume);
    }

    private void attachRefused(ClusterVolume volume, MetaCode code, String reason) {
        switch (code) {
            case NOT_FOUND, BAD_REQUEST, UNSUPPORTED, CONFLICT -> {
                volume.refused(reason);
                tellWaiting(volume);
            }
            case ATTACHED, FENCED -> {
                volume.fence(reason);
                tellWaiting(volume);
            }
            default -> {
                volume.waits(reason);
                control.schedule(ATTACH_AGAIN_NS, () -> attachNow(volume));
            }
        }
    }

    /// Detach a volume that has been closed.
    ///
    /// @param done run when the metaserver knows, or cannot be told in time: it then learns of it
    ///     when the volume is attached elsewhere
    public void detach(ClusterVolume volume, Runnable done) {
        volumes.remove(volume);
        final VolumeLayout layout = volume.layout();
        volume.detaching();
        if (layout == null) {
            volume.detached();
            done.run();
            return;
        }
        detach(layout.volumeId(), layout.generation(), volume.volumeName(), () -> {
            volume.detached();
            done.run();
        });
    }

    private void detach(long volumeId, int generation, String volumeName, Runnable done) {
        meta.detach(volumeId, generation, new MetaReply<>() {
            @Override
            public void done(Boolean detached) {
                done.run();
            }

            @Override
            public void refused(MetaCode code, String reason) {
                LOG.log(Level.WARNING, "cluster-volume={0} is not detached: {1} {2}", volumeName, code, reason);
                done.run();
            }
        });
    }

    /// Say nothing more to the metaserver. Volumes stay attached: a gate that starts again takes
    /// them over.
    @Override
    public void close() {
        closed = true;
        meta.close();
        endFollowing();
    }

    // ---- what the metaserver says ----

    @Override
    public void registered(Registered registered) {
        LOG.log(Level.INFO, "registered as node {0} of cluster {1}", registered.nodeId(), registered.clusterId());
        contact.back();
    }

    @Override
    public void disconnected(String reason) {
        contact.lost(reason);
    }

    @Override
    public void mapChanged(int setId, ClusterMap map) {
        final ClusterMap before = maps.get(setId);
        if (before != null && before.version() >= map.version()) {
            // Whoever begins to follow is sent the newest, which may be known.
            return;
        }
        if (before != null && before.pgCount() != map.pgCount()) {
            LOG.log(Level.ERROR, "set={0} map {1} is ignored: it has another number of pgs", setId, map.version());
            return;
        }
        maps.put(setId, map);
        ports.forEach(port -> port.reactor().post(() -> port.mapChanged(setId, map)));
    }

    @Override
    public void volumeChanged(VolumeRecord record) {
        for (final ClusterVolume volume : List.copyOf(volumes)) {
            final VolumeLayout layout = volume.layout();
            if (layout != null && layout.volumeId() == record.volumeId() && volume.isHeld()) {
                changed(volume, layout, record);
            }
        }
    }

    private void changed(ClusterVolume volume, VolumeLayout layout, VolumeRecord record) {
        if (record.generation() > layout.generation()) {
            volume.fence("the metaserver has given it to another attachment, generation " + record.generation());
        } else if (record.generation() == layout.generation() && !record.attached()) {
            volume.fence("the metaserver has taken it back");
        } else if (record.generation() == layout.generation() && !record.equals(layout.record())) {
            volume.changed(record, () -> resizeListener.accept(volume));
        }
    }

    @Override
    public void serveRequested(String volumeName, MetaReply<ServeResult> reply) {
        final ServeListener listener = serveListener;
        if (holding) {
            reply.refused(MetaCode.UNAVAILABLE, HANDED_OVER);
        } else if (listener == null) {
            MetaListener.super.serveRequested(volumeName, reply);
        } else {
            listener.serve(volumeName, reply);
        }
    }

    @Override
    public void releaseRequested(String volumeName, MetaReply<Boolean> reply) {
        final ServeListener listener = serveListener;
        if (holding) {
            reply.refused(MetaCode.UNAVAILABLE, HANDED_OVER);
        } else if (listener == null) {
            MetaListener.super.releaseRequested(volumeName, reply);
        } else {
            listener.release(volumeName, reply);
        }
    }
}
