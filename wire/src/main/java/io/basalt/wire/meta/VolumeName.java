package io.basalt.wire.meta;

/// A volume, by name, as a content of its own.
///
/// @param name 1 to [Limits#NAME_LENGTH_MAX] characters
public record VolumeName(String name) {
    /// The name as content.
    public byte[] toContent() {
        return MetaMessage.begin().putText(name).toByteArray();
    }

    /// The name in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static VolumeName of(FieldReader content) {
        final VolumeName name = new VolumeName(MetaMessage.begin(content).takeText("volume", Limits.NAME_LENGTH_MAX));
        content.requireEnd("volume name");
        return name;
    }
}
