package io.basalt.meta.state;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.VolumeRecord;

/// What others must be told of a change of [MetaState].
public sealed interface MetaEvent {
    /// A set has a newer map.
    ///
    /// @param before the map before; equal to `after` if it is the set's first
    record MapChanged(int setId, ClusterMap before, ClusterMap after) implements MetaEvent {}

    /// A volume's attach generation has risen: chunk servers must refuse older ones.
    ///
    /// @param generation the new one, or [io.basalt.wire.meta.GenerationBatch#DELETED]
    record GenerationRaised(long volumeId, int generation) implements MetaEvent {}

    /// Other tokens are allowed than before.
    record TokensChanged() implements MetaEvent {}

    /// A volume that a gate serves, or served until now, has changed.
    ///
    /// @param gateNodeId that gate
    /// @param gateInstance its process
    record VolumeChanged(int gateNodeId, long gateInstance, VolumeRecord volume) implements MetaEvent {}
}
