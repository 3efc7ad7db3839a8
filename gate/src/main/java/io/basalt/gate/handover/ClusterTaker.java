package io.basalt.gate.handover;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.VolumeRecord;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What of a hand-over is about the cluster, in the new gate: it follows the maps before it takes
/// anything, and attaches each volume when it is told that the old gate has let go of it. Control
/// reactor.
public final class ClusterTaker {
    private static final long LOOK_NS = 500_000;
    private static final int CONNECT_LOOKS = 200;

    private final Reactor control;
    private final ClusterClient client;

    /// @param client not started yet: the old gate is the node until [#hold()]
    public ClusterTaker(Reactor control, ClusterClient client) {
        this.control = control;
        this.client = client;
    }

    /// Stand by: the old gate is the node for as long as it lives. What is opened from now on is not
    /// attached.
    public void follow() {
        client.holdAttachments();
        client.follow();
    }

    /// The gate that was the node is dead: be it.
    ///
    /// @param joined run when the metaserver knows
    public void join(Runnable joined) {
        client.resume(false);
        whenThere(joined);
    }

    /// The old gate no longer speaks to the metaserver: be the node. What is opened from now on is
    /// not attached.
    public void hold() {
        client.holdAttachments();
        client.start();
    }

    /// Wait for the metaserver, which must be there to attach anything; the old gate bounds the wait.
    public void whenThere(Runnable then) {
        if (client.ready()) {
            then.run();
        } else {
            control.schedule(LOOK_NS, () -> whenThere(then));
        }
    }

    /// Connect with the chunk servers, while the old gate still serves. One that does not answer is not
    /// waited for, for long.
    public void connect(Runnable then) {
        client.connect(CONNECT_LOOKS, then);
    }

    /// The old gate has let go of a volume, and nothing sent there can take effect any more: go on with its
    /// attachment. Without a step that could be the first of its kind in this process: guests wait.
    ///
    /// @param attachment the old gate's
    /// @return whether that is done; otherwise it has to be [#take]n
    public boolean goOn(ClusterVolume volume, VolumeRecord attachment) {
        return client.inherit(volume, attachment);
    }

    /// The old gate has let go of a volume: raise its generation, so that nothing sent there takes
    /// effect any more.
    ///
    /// @param taken told null when it is this gate's, or why it is not
    public void take(ClusterVolume volume, Consumer<@Nullable String> taken) {
        client.attachHeld(volume, taken);
    }

    /// This process is the gate: attach the rest.
    public void begin() {
        client.attachAll();
    }
}
