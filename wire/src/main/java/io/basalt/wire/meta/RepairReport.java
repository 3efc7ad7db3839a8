package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// How far the copies are that a chunk server, as the primary, brings up to date. Said each second while there are
/// any.
///
/// @param nodeId who sends it
public record RepairReport(int nodeId, List<Progress> copies) {
    /// Most copies of one report.
    public static final int COUNT_MAX = 1024;

    /// One copy.
    ///
    /// @param deviceId where the copy is
    /// @param shardsDone how many shards of the group have been compared
    /// @param shardsTotal how many there are to compare, as far as is known
    /// @param bytes what was written to bring the copy up to date, since the comparison began
    public record Progress(int setId, int pg, int deviceId, int shardsDone, int shardsTotal, long bytes) {
        static final int BYTES = 5 * Integer.BYTES + Long.BYTES;
    }

    public RepairReport {
        copies = List.copyOf(copies);
    }

    /// The report as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(nodeId).putInt(copies.size());
        for (final Progress copy : copies) {
            writer.putInt(copy.setId).putInt(copy.pg).putInt(copy.deviceId);
            writer.putInt(copy.shardsDone).putInt(copy.shardsTotal).putLong(copy.bytes);
        }
        return writer.toByteArray();
    }

    /// The report in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static RepairReport of(FieldReader content) {
        MetaMessage.begin(content);
        final int nodeId = content.takeInt("node id", 1, Integer.MAX_VALUE);
        final int count = content.takeCount("copies", COUNT_MAX, Progress.BYTES);
        final List<Progress> copies = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            final int setId = content.takeInt("set", 1, Integer.MAX_VALUE);
            final int pg = content.takeInt("placement group", 0, Integer.MAX_VALUE);
            final int deviceId = content.takeInt("device id", 1, Integer.MAX_VALUE);
            final int done = content.takeInt("shards done", 0, Integer.MAX_VALUE);
            final int total = content.takeInt("shards", done, Integer.MAX_VALUE);
            copies.add(new Progress(setId, pg, deviceId, done, total, content.takeLong("bytes", 0, Long.MAX_VALUE)));
        }
        content.requireEnd("repair report");
        return new RepairReport(nodeId, copies);
    }
}
