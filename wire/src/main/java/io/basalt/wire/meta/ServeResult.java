package io.basalt.wire.meta;

/// Where a gate serves a volume that an operator asked it to serve.
///
/// @param generation of the attachment
/// @param socket path of the vhost-user socket, at most [#BYTES_MAX] bytes
public record ServeResult(int generation, String socket) {
    /// Longest path: what a Unix socket's address holds.
    public static final int BYTES_MAX = 108;

    /// The result as content.
    public byte[] toContent() {
        return MetaMessage.begin().putInt(generation).putText(socket).toByteArray();
    }

    /// The result in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static ServeResult of(FieldReader content) {
        MetaMessage.begin(content);
        final ServeResult result = new ServeResult(
                content.takeInt("generation", 1, Integer.MAX_VALUE), content.takeText("socket", BYTES_MAX));
        content.requireEnd("serve result");
        return result;
    }
}
