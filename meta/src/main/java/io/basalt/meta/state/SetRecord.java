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
/// @param minCopies fewest copies that a write is acknowledged with
/// @param overcommitPercent how much may be provisioned, in percent of the capacity; 0 for no bound
/// @param volumeCount volumes with a part in it
/// @param provisionedBytes what those parts would take if they were full, one copy
/// @param map devices, rule, and configuration of the placement groups
public record SetRecord(
        int id,
        String name,
        int minCopies,
        int overcommitPercent,
        int volumeCount,
        long provisionedBytes,
        ClusterMap map) {
    SetRecord withMap(ClusterMap next) {
        return new SetRecord(id, name, minCopies, overcommitPercent, volumeCount, provisionedBytes, next);
    }

    SetRecord withBounds(int newMinCopies, int newOvercommitPercent) {
        return new SetRecord(id, name, newMinCopies, newOvercommitPercent, volumeCount, provisionedBytes, map);
    }

    SetRecord provisioned(int volumes, long bytes) {
        return new SetRecord(
                id, name, minCopies, overcommitPercent, volumeCount + volumes, provisionedBytes + bytes, map);
    }

    /// Whether the placement groups have been given their replicas: a layout is for all of them or none.
    public boolean laidOut() {
        return map.epoch(0) != 0;
    }

    void write(FieldWriter writer) {
        writer.putInt(id).putText(name).putByte(minCopies).putInt(overcommitPercent);
        writer.putInt(volumeCount).putLong(provisionedBytes);
        MapCodec.write(writer, map);
    }

    static SetRecord read(FieldReader reader) {
        return new SetRecord(
                reader.takeInt("set id", 1, Integer.MAX_VALUE),
                reader.takeText("set name", Limits.NAME_LENGTH_MAX),
                reader.takeByte("min copies"),
                reader.takeInt("overcommit", 0, Integer.MAX_VALUE),
                reader.takeInt("volume count", 0, Integer.MAX_VALUE),
                reader.takeLong("provisioned", 0, Long.MAX_VALUE),
                MapCodec.read(reader));
    }
}
