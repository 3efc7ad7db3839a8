package io.basalt.wire.meta;

/// A gate's wish to serve a volume.
///
/// @param requestId of the gate, so that a repeated request gets the same generation
/// @param nodeId the gate's number
/// @param gateInstance drawn at random by the gate's process when it starts: a restarted gate is another
///     instance of
///     the same node, and takes over its own volumes without being asked twice
/// @param volumeName which volume
/// @param takeOver whether another gate that serves the volume is to be fenced; otherwise it is an error
public record AttachRequest(RequestId requestId, int nodeId, long gateInstance, String volumeName, boolean takeOver) {
    /// The wish as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin();
        requestId.write(writer);
        return writer.putInt(nodeId)
                .putLong(gateInstance)
                .putText(volumeName)
                .putFlag(takeOver)
                .toByteArray();
    }

    /// The wish in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static AttachRequest of(FieldReader content) {
        MetaMessage.begin(content);
        final RequestId requestId = RequestId.read(content);
        final int nodeId = content.takeInt("node id", 0, Integer.MAX_VALUE);
        final long gateInstance = content.takeLong("gate instance");
        final String volumeName = content.takeText("volume", Limits.NAME_LENGTH_MAX);
        final boolean takeOver = content.takeFlag("take over");
        content.requireEnd("attach request");
        return new AttachRequest(requestId, nodeId, gateInstance, volumeName, takeOver);
    }
}
