package io.basalt.wire.meta;

/// Attach generations that a chunk server must know. It answers when, for each of them, no write of an older
/// generation can be applied any more: those under way have ended, those that come are refused.
///
/// A server that has just subscribed gets all generations, in batches of which the first says that it is
/// the first and the last that it is the last; it must not serve before the last one. Afterwards it gets
/// what rises. A volume that it has not heard of so has never been attached, or was deleted: a write to it
/// is refused like one of an older generation.
///
/// @param first begins a complete list
/// @param last nothing older is missing after this batch
/// @param volumeIds the volumes
/// @param generations the generation of each of them; a lower one than is known already changes nothing
@SuppressWarnings("ArrayRecordComponent") // two columns, thousands long; never compared
public record GenerationBatch(boolean first, boolean last, long[] volumeIds, int[] generations) {
    /// In place of a generation: the volume was deleted, and nobody may write to it any more.
    public static final int DELETED = Integer.MAX_VALUE;

    /// Most volumes of one batch.
    public static final int COUNT_MAX = 2048;

    private static final int ENTRY_BYTES = 8 + 4;

    /// @throws IllegalArgumentException if the two arrays are not equally long
    public GenerationBatch {
        if (volumeIds.length != generations.length) {
            throw new IllegalArgumentException(
                    "a batch of " + volumeIds.length + " volumes has " + generations.length + " generations");
        }
    }

    /// How many volumes there are.
    public int count() {
        return volumeIds.length;
    }

    /// The batch as content.
    public byte[] toContent() {
        final FieldWriter writer =
                MetaMessage.begin().putFlag(first).putFlag(last).putInt(count());
        for (int index = 0; index < count(); index++) {
            writer.putLong(volumeIds[index]).putInt(generations[index]);
        }
        return writer.toByteArray();
    }

    /// The batch in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static GenerationBatch of(FieldReader content) {
        MetaMessage.begin(content);
        final boolean first = content.takeFlag("first");
        final boolean last = content.takeFlag("last");
        final int count = content.takeCount("volumes", COUNT_MAX, ENTRY_BYTES);
        final long[] volumeIds = new long[count];
        final int[] generations = new int[count];
        for (int index = 0; index < count; index++) {
            volumeIds[index] = content.takeLong("volume id", 1, Long.MAX_VALUE);
            generations[index] = content.takeInt("generation", 0, Integer.MAX_VALUE);
        }
        content.requireEnd("generations");
        return new GenerationBatch(first, last, volumeIds, generations);
    }
}
