package io.basalt.nbd;

/// What client and server have agreed on in the handshake: fixed for the life of the connection.
///
/// @param export what the client chose
/// @param sizeBytes size of the export as the client was told; a volume that grows is seen in its new
///     size by the connections made from then on
/// @param flags transmission flags as the client was told
/// @param style how requests and replies look
/// @param allocation whether the metadata context `base:allocation` was selected
public record Agreement(Export export, long sizeBytes, int flags, ReplyStyle style, boolean allocation) {
    boolean readOnly() {
        return offers(NbdSpec.FLAG_READ_ONLY);
    }

    boolean offers(int flag) {
        return (flags & flag) != 0;
    }
}
