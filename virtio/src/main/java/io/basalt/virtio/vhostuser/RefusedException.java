package io.basalt.virtio.vhostuser;

import java.io.Serial;

/// A request of the front end that is not granted: the message says which field, why, and what would be right.
/// Control plane only; carries no stack trace, since the peer causes it at will.
public final class RefusedException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    public RefusedException(String reason) {
        super(reason, null, false, false);
    }

    /// Why, for an operator.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
