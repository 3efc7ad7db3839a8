package io.basalt.net.meta;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeRecord;

/// What a node hears from the metaserver, in its [MetaClient]'s reactor. Control plane. A chunk server must
/// override [#generationsRaised]; a gate, [#serveRequested] and [#releaseRequested].
public interface MetaListener {
    /// The node is registered, for the first time or again after a connection was lost.
    default void registered(Registered registered) {}

    /// There is a newer map of a set. Versions only rise.
    default void mapChanged(int setId, ClusterMap map) {}

    /// Attach generations have risen (see [GenerationBatch]). With `first` set the batch begins a complete
    /// list: what was known before stays known, since generations never fall.
    ///
    /// @param acknowledge to be run, now or later in the same reactor, as soon as no write of an older
    ///     generation can be applied any more; the metaserver grants the new attachments only then
    default void generationsRaised(GenerationBatch batch, Runnable acknowledge) {
        acknowledge.run();
    }

    /// A volume that this gate serves, or has served, has changed: its size or class, or the generation of its
    /// attachment, which then is not this gate's any more.
    default void volumeChanged(VolumeRecord volume) {}

    /// An operator wants this gate to attach a volume and serve it. Idempotent: if it does so already, the
    /// answer is where.
    default void serveRequested(String volumeName, MetaReply<ServeResult> reply) {
        reply.refused(MetaCode.UNSUPPORTED, "this node serves no volumes to guests; name a gate");
    }

    /// An operator wants this gate to stop serving a volume and detach it. Idempotent.
    default void releaseRequested(String volumeName, MetaReply<Boolean> reply) {
        reply.refused(MetaCode.UNSUPPORTED, "this node serves no volumes to guests; name a gate");
    }

    /// Whether what the node stands for still works; asked before each heartbeat. If not, none is sent, and the
    /// metaserver takes the node for silent.
    default boolean isAlive() {
        return true;
    }

    /// The metaserver can be reached; registration and subscription follow.
    default void connected() {}

    /// The metaserver cannot be reached (any more); what is known stays in force, and the client tries again
    /// and again.
    ///
    /// @param reason for people
    default void disconnected(String reason) {}
}
