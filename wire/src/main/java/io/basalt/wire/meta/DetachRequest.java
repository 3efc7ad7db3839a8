package io.basalt.wire.meta;

/// A gate's notice that it serves a volume no longer: nothing of it is under way. Idempotent: a detached
/// volume stays detached, and an attachment that was superseded is not touched.
///
/// @param volumeId which volume
/// @param generation the attachment that ends
public record DetachRequest(long volumeId, int generation) {
    /// The notice as content.
    public byte[] toContent() {
        return MetaMessage.begin().putLong(volumeId).putInt(generation).toByteArray();
    }

    /// The notice in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static DetachRequest of(FieldReader content) {
        MetaMessage.begin(content);
        final DetachRequest request = new DetachRequest(
                content.takeLong("volume id", 1, Long.MAX_VALUE), content.takeInt("generation", 1, Integer.MAX_VALUE));
        content.requireEnd("detach request");
        return request;
    }
}
