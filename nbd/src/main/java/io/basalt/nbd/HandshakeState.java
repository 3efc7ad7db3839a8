package io.basalt.nbd;

/// Where a handshake stands.
///
/// ```
///   CLIENT_FLAGS ──▶ OPTION_HEADER ◀──────────────────┐
///         │            │ │    │                       │ option answered
///         │            │ │    └─▶ OPTION_DATA ────────┤
///         │            │ │ too     │    │             │
///         │            │ │ long    │    └─▶ AGREED    │ EXPORT_NAME, GO
///         │            │ └───▶ SKIPPING ──────────────┘
///         ▼            ▼         ▼
///         └──────────▶ ENDED ◀───┘   ABORT, or a violation that has no answer
/// ```
public enum HandshakeState {
    /// The client's flags are awaited.
    CLIENT_FLAGS,
    /// The next option is awaited.
    OPTION_HEADER,
    /// The data of an option is awaited.
    OPTION_DATA,
    /// The data of an option that is refused for its length is passed over.
    SKIPPING,
    /// Transmission follows, once what there is to send has been sent.
    AGREED,
    /// The connection is to be closed, once what there is to send has been sent.
    ENDED;

    /// Whether a state may follow this one.
    boolean mayBecome(HandshakeState next) {
        return switch (this) {
            case CLIENT_FLAGS -> next == OPTION_HEADER || next == ENDED;
            case OPTION_HEADER -> next == OPTION_DATA || next == SKIPPING || next == ENDED;
            case OPTION_DATA -> next == OPTION_HEADER || next == AGREED || next == ENDED;
            case SKIPPING -> next == OPTION_HEADER || next == ENDED;
            case AGREED, ENDED -> false;
        };
    }
}
