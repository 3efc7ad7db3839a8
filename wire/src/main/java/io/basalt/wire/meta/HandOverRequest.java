package io.basalt.wire.meta;

/// A chunk server is about to stop, and asks to be left out first: its copies leave the in-sync sets that can do
/// without them, and other devices become primaries, while it still answers. So nobody has to find out.
///
/// @param nodeId who stops
public record HandOverRequest(int nodeId) {
    /// The request as content.
    public byte[] toContent() {
        return MetaMessage.begin().putInt(nodeId).toByteArray();
    }

    /// The request in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static HandOverRequest of(FieldReader content) {
        MetaMessage.begin(content);
        final int nodeId = content.takeInt("node id", 1, Integer.MAX_VALUE);
        content.requireEnd("hand-over");
        return new HandOverRequest(nodeId);
    }
}
