package io.basalt.meta.state;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MapCodec;

/// A set: a cell of the cluster with devices, placement groups and a rule of its own.
///
/// @param id 1 and up, never used again
/// @param name for people, unique
/// @param overcommitPercent how much may be provisioned, in percent of the capacity; 0 for no bound
/// @param volumeCount volumes with a part in it
/// @param provisionedBytes what those parts would take if they were full, one copy
/// @param map devices, rule, and configuration of the placement groups
public record SetRecord(
        int id, String name, int overcommitPercent, int volumeCount, long provisionedBytes, ClusterMap map) {
    SetRecord withMap(ClusterMap next) {
        return new SetRecord(id, name, overcommitPercent, volumeCount, provisionedBytes, next);
    }

    SetRecord withOvercommit(int newOvercommitPercent) {
        return new SetRecord(id, name, newOvercommitPercent, volumeCount, provisionedBytes, map);
    }

    SetRecord provisioned(int volumes, long bytes) {
        return new SetRecord(id, name, overcommitPercent, volumeCount + volumes, provisionedBytes + bytes, map);
    }

    /// Fewest copies in sync that a write is acknowledged with.
    public int minCopies() {
        return map.minCopies();
    }

    /// Whether the placement groups have been given their replicas: a layout is for all of them or none.
    public boolean laidOut() {
        return map.epoch(0) != 0;
    }

    void write(FieldWriter writer) {
        writer.putInt(id).putText(name).putInt(overcommitPercent);
        writer.putInt(volumeCount).putLong(provisionedBytes);
        MapCodec.write(writer, map);
    }

    /// @param version of the snapshot: version 1 had the min copies here, later ones have them in the map
    static SetRecord read(FieldReader reader, int version) {
        final int id = reader.takeInt("set id", 1, Integer.MAX_VALUE);
        final String name = reader.takeText("set name", Limits.NAME_LENGTH_MAX);
        final int minCopies = version == 1 ? reader.takeByte("min copies") : 0;
        return new SetRecord(
                id,
                name,
                reader.takeInt("overcommit", 0, Integer.MAX_VALUE),
                reader.takeInt("volume count", 0, Integer.MAX_VALUE),
                reader.takeLong("provisioned", 0, Long.MAX_VALUE),
                version == 1 ? MapCodec.readVersion1(reader, minCopies) : MapCodec.read(reader));
    }
}
