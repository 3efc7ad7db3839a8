package io.basalt.wire.meta;

/// The body of a [MetaMessage#MAP] request, whose payload is a piece of an encoded map or delta. Pieces of
/// one update come in order on one connection.
///
/// @param setId the set whose map it is
/// @param fromVersion what the update is to be applied to; 0 if it is a whole map
/// @param toVersion the version that it leads to
/// @param totalBytes length of the update
/// @param offsetBytes where this piece begins in it
/// @param checksum CRC32C of the whole update
public record MapPiece(int setId, long fromVersion, long toVersion, int totalBytes, int offsetBytes, int checksum) {
    /// The piece's description as content.
    public byte[] toContent() {
        return MetaMessage.begin()
                .putInt(setId)
                .putLong(fromVersion)
                .putLong(toVersion)
                .putInt(totalBytes)
                .putInt(offsetBytes)
                .putInt(checksum)
                .toByteArray();
    }

    /// The description in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static MapPiece of(FieldReader content) {
        MetaMessage.begin(content);
        final MapPiece piece = new MapPiece(
                content.takeInt("set id", 1, Integer.MAX_VALUE),
                content.takeLong("from version", 0, Long.MAX_VALUE),
                content.takeLong("to version", 1, Long.MAX_VALUE),
                content.takeInt("total", 1, Limits.MAP_BYTES_MAX),
                content.takeInt("offset", 0, Limits.MAP_BYTES_MAX),
                content.takeInt("checksum"));
        content.requireEnd("map piece");
        return piece;
    }
}
