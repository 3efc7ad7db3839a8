package io.basalt.simulation.check;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The histories of all sectors of a volume's part. Times are numbers of events, so that no two are equal.
public final class VolumeHistory {
    private final Map<Long, RegisterHistory> sectors = new TreeMap<>();
    private long events;

    /// The history of a sector.
    ///
    /// @param shard number of the shard
    /// @param sector number of the sector within the shard
    public RegisterHistory sector(int shard, int sector) {
        final Long key = (long) shard << 32 | sector;
        final RegisterHistory known = sectors.get(key);
        if (known != null) {
            return known;
        }
        final RegisterHistory made = new RegisterHistory();
        sectors.put(key, made);
        return made;
    }

    /// The time of an event that happens now.
    public long event() {
        return ++events;
    }

    /// Whether every sector could have behaved like that.
    ///
    /// @return null if all could, else which could not and why
    public @Nullable String violation() {
        for (final Map.Entry<Long, RegisterHistory> each : sectors.entrySet()) {
            final String violation = each.getValue().violation();
            if (violation != null) {
                return "S1/S2/S3/S9: shard " + (each.getKey() >>> 32) + " sector " + (each.getKey() & 0xffffffffL)
                        + ": " + violation;
            }
        }
        return null;
    }
}
