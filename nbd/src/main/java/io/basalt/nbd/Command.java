package io.basalt.nbd;

/// One request of the client, from its header to its last reply. Preallocated, one for each that a
/// connection may have under way.
final class Command {
    /// `NBD_CMD_*`.
    int type;

    /// `NBD_CMD_FLAG_*`.
    int flags;

    /// Returned in each reply as it came.
    long cookie;

    long offset;
    long length;

    /// When it was taken, in nanoseconds of the reactor's clock.
    long sinceNs;

    /// Bytes of the range that pieces have been made for.
    long taken;

    /// Pieces that the volume has, or that are being filled.
    int outstanding;

    /// The first error that a piece has met; 0 for none.
    int error;

    /// Whether what was done has still to be made durable.
    boolean flushing;

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /// Become the request of the header just read.
    void begin(long nowNs) {
        sinceNs = nowNs;
        taken = 0;
        outstanding = 0;
        error = NbdSpec.OK;
        flushing = false;
    }

    /// Whether nothing is left to be done.
    boolean isDone() {
        return outstanding == 0 && taken == length && !flushing;
    }
}
