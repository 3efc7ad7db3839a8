package io.basalt.wire.meta;

/// How much of some parts a device holds. Parts in the range that are not listed have nothing on the
/// device, so that any report can be lost or repeated; one that covers all parts is sent in several if it
/// is long.
///
/// @param nodeId who sends it
/// @param deviceId the device
/// @param from first part of the range
/// @param to last part of the range
/// @param partIds the parts that have something there, ascending
/// @param contentBytes how much of each
@SuppressWarnings("ArrayRecordComponent") // two columns, thousands long; never compared
public record UsageReport(int nodeId, int deviceId, long from, long to, long[] partIds, long[] contentBytes) {
    /// Most parts of one report.
    public static final int COUNT_MAX = 1024;

    private static final int ENTRY_BYTES = 8 + 8;

    /// @throws IllegalArgumentException if the two arrays are not equally long
    public UsageReport {
        if (partIds.length != contentBytes.length) {
            throw new IllegalArgumentException(
                    "a report of " + partIds.length + " parts has " + contentBytes.length + " numbers of bytes");
        }
    }

    /// How many parts are listed.
    public int count() {
        return partIds.length;
    }

    /// The report as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(nodeId).putInt(deviceId);
        writer.putLong(from).putLong(to).putInt(count());
        for (int index = 0; index < count(); index++) {
            writer.putLong(partIds[index]).putLong(contentBytes[index]);
        }
        return writer.toByteArray();
    }

    /// The report in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static UsageReport of(FieldReader content) {
        MetaMessage.begin(content);
        final int nodeId = content.takeInt("node id", 1, Integer.MAX_VALUE);
        final int deviceId = content.takeInt("device id", 1, Integer.MAX_VALUE);
        final long from = content.takeLong("first part", 1, Long.MAX_VALUE);
        final long to = content.takeLong("last part", from, Long.MAX_VALUE);
        final int count = content.takeCount("parts", COUNT_MAX, ENTRY_BYTES);
        final long[] partIds = new long[count];
        final long[] contentBytes = new long[count];
        long least = from;
        for (int index = 0; index < count; index++) {
            partIds[index] = content.takeLong("part id", least, to);
            contentBytes[index] = content.takeLong("content bytes", 0, Long.MAX_VALUE);
            least = partIds[index] == Long.MAX_VALUE ? Long.MAX_VALUE : partIds[index] + 1;
        }
        content.requireEnd("usage");
        return new UsageReport(nodeId, deviceId, from, to, partIds, contentBytes);
    }
}
