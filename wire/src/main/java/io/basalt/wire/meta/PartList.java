package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// Some parts of volumes, by number: those that a chunk server holds shards of, and, in the answer, those
/// of them that were deleted with their volume, for good.
///
/// @param partIds at most [#COUNT_MAX]
public record PartList(List<Long> partIds) {
    /// Most parts of one message.
    public static final int COUNT_MAX = 2048;

    public PartList {
        partIds = List.copyOf(partIds);
    }

    /// The list as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(partIds.size());
        partIds.forEach(writer::putLong);
        return writer.toByteArray();
    }

    /// The list in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static PartList of(FieldReader content) {
        MetaMessage.begin(content);
        final int count = content.takeCount("parts", COUNT_MAX, Long.BYTES);
        final List<Long> partIds = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            partIds.add(content.takeLong("part id", 1, Long.MAX_VALUE));
        }
        content.requireEnd("parts");
        return new PartList(partIds);
    }
}
