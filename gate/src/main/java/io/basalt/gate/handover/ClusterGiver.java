package io.basalt.gate.handover;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.wire.meta.VolumeRecord;
import org.jspecify.annotations.Nullable;

/// What of a hand-over is about the cluster, in the old gate: who the node is to the metaserver, and
/// which attachments end. Control reactor.
public final class ClusterGiver {
    private final ClusterClient client;
    private boolean held;

    public ClusterGiver(ClusterClient client) {
        this.client = client;
    }

    /// The next process is the node from now on: the metaserver knows one connection a node.
    public void hold() {
        held = true;
        client.pause();
    }

    /// Nothing asks a volume any more: the next process does.
    ///
    /// @return the attachment that it may go on with; null if it has to attach the volume anew
    public @Nullable VolumeRecord suspended(ClusterVolume volume) {
        return client.rest(volume);
    }

    /// The next process is dead, and a volume is about to be used here again. Attached anew if it
    /// rested.
    public void resume(ClusterVolume volume) {
        client.wake(volume);
    }

    /// The next process is dead: be the node again. Does nothing if it never was.
    ///
    /// @param served whether it was the gate
    public void release(boolean served) {
        if (held) {
            held = false;
            client.resume(served);
        }
    }
}
