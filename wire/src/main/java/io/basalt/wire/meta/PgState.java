package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// The configuration of one placement group: who keeps its shards, and whose copy is good.
///
/// @param pg its number in its set
/// @param epoch version of this configuration, 1 to [Limits#EPOCH_MAX]
/// @param replicas devices in order; the first that is in sync is the primary
public record PgState(int pg, int epoch, List<Replica> replicas) {
    /// A copy.
    ///
    /// @param deviceId where it is
    /// @param inSync whether it has every acknowledged write
    public record Replica(int deviceId, boolean inSync) {}

    public PgState {
        replicas = List.copyOf(replicas);
    }

    /// The device of the primary.
    ///
    /// @return 0 if no copy is in sync
    public int primary() {
        for (final Replica each : replicas) {
            if (each.inSync) {
                return each.deviceId;
            }
        }
        return 0;
    }

    /// Whether a device has a copy that is in sync.
    public boolean inSync(int deviceId) {
        return replicas.contains(new Replica(deviceId, true));
    }

    /// How many copies are in sync.
    public int inSyncCount() {
        int count = 0;
        for (final Replica each : replicas) {
            count += each.inSync ? 1 : 0;
        }
        return count;
    }

    /// The configuration as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin();
        write(writer);
        return writer.toByteArray();
    }

    /// The configuration in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static PgState of(FieldReader content) {
        final PgState state = read(MetaMessage.begin(content));
        content.requireEnd("placement group");
        return state;
    }

    /// Append the configuration.
    public void write(FieldWriter writer) {
        writer.putInt(pg).putInt(epoch).putByte(replicas.size());
        replicas.forEach(each -> writer.putInt(each.deviceId).putFlag(each.inSync));
    }

    /// Read a configuration.
    public static PgState read(FieldReader reader) {
        final int pg = reader.takeInt("pg", 0, Limits.PGS_MAX - 1);
        final int epoch = reader.takeInt("epoch", 0, Limits.EPOCH_MAX);
        final int count = reader.takeByte("replicas");
        if (count > Limits.REPLICAS_MAX) {
            throw new MetaFormatException("replicas is " + count + ", expected 0 to " + Limits.REPLICAS_MAX);
        }
        final List<Replica> replicas = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            replicas.add(
                    new Replica(reader.takeInt("replica device", 1, Integer.MAX_VALUE), reader.takeFlag("in sync")));
        }
        return new PgState(pg, epoch, replicas);
    }
}
