package io.basalt.virtio.vhostuser;

import java.io.Serial;

/// A back end that refuses, or does not keep to the protocol, as its front end sees it.
public final class VhostUserException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public VhostUserException(String message) {
        super(message);
    }
}
