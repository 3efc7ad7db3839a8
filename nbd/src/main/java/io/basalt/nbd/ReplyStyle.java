package io.basalt.nbd;

/// How requests and replies of the transmission phase look, as negotiated.
public enum ReplyStyle {
    /// Compact requests, simple replies only.
    SIMPLE,
    /// Compact requests; what carries content, and every error, is a structured reply chunk.
    STRUCTURED,
    /// Extended requests and replies, with 64-bit lengths.
    EXTENDED;

    /// Bytes of a request's header.
    int requestBytes() {
        return this == EXTENDED ? NbdSpec.EXTENDED_REQUEST_BYTES : NbdSpec.REQUEST_BYTES;
    }

    /// Whether a reply may have several parts.
    boolean chunked() {
        return this != SIMPLE;
    }
}
