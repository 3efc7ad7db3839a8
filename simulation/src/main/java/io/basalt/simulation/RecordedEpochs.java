package io.basalt.simulation;

import io.basalt.placement.ClusterMap;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The oracle of configurations (S10): a configuration is recorded by the metaserver before any device serves in
/// it, and what was recorded once is never forgotten, whatever becomes of the metaserver.
final class RecordedEpochs {
    private int[] epochs = {};

    private @Nullable ClusterMap last;

    /// What the metaserver has recorded at this moment.
    ///
    /// @param map the newest, null while no metaserver leads
    @SuppressWarnings("ReferenceEquality") // another map is another object; the same one need not be looked at again
    void look(@Nullable ClusterMap map) {
        if (map == null || map == last) {
            return;
        }
        last = map;
        if (epochs.length < map.pgCount()) {
            epochs = Arrays.copyOf(epochs, map.pgCount());
        }
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.epoch(pg) < epochs[pg]) {
                throw new SimulationFailure("S10: the metaserver has forgotten epoch " + epochs[pg] + " of pg " + pg
                        + " and is in epoch " + map.epoch(pg));
            }
            epochs[pg] = map.epoch(pg);
        }
    }

    /// A device begins to serve.
    void serves(int deviceId, int pg, int epoch) {
        if (pg >= epochs.length || epoch > epochs[pg]) {
            throw new SimulationFailure(
                    "S10: device " + deviceId + " serves pg " + pg + " in epoch " + epoch + ", which is not recorded");
        }
    }
}
