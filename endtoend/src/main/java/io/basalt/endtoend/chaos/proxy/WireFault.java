package io.basalt.endtoend.chaos.proxy;

/// What a proxy does to the connections between two parties.
public enum WireFault {
    /// Bytes are forwarded as they come.
    NONE,
    /// Nothing passes in either direction; what was sent meanwhile passes afterwards, late, as TCP does it when a
    /// network is back.
    PARTITION,
    /// As [#PARTITION], but only on the way to the party that was connected to.
    PARTITION_REQUESTS,
    /// As [#PARTITION], but only on the way back.
    PARTITION_ANSWERS,
    /// Each piece of bytes is forwarded some time later.
    DELAY,
    /// Bytes are lost for good, in both directions: a stream with a hole, which TCP never shows, but a broken
    /// middlebox does.
    DROP,
    /// Some pieces of bytes come twice.
    DUPLICATE,
    /// In some pieces a bit is flipped, so that TCP's checksum is right and the content is not.
    FLIP,
    /// The party that was connected to is hung up on; the other one is told nothing and hears nothing.
    HALF_OPEN;

    /// Whether the bytes of one direction are held back.
    boolean holds(boolean towardsServer) {
        return this == PARTITION || this == (towardsServer ? PARTITION_REQUESTS : PARTITION_ANSWERS);
    }

    /// Whether what was forwarded is not what was sent, so that a stream is of no use afterwards.
    public boolean damages() {
        return this == DROP || this == DUPLICATE || this == FLIP || this == HALF_OPEN;
    }
}
