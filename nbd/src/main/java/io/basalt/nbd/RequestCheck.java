package io.basalt.nbd;

/// Whether a request may be executed: what the NBD specification holds a client to, and the volume.
/// Allocates nothing.
///
/// Offsets and lengths are unsigned numbers of a stranger: what does not fit into 63 bits is outside of
/// any export.
final class RequestCheck {
    private RequestCheck() {}

    /// Bytes of content that follow a request's header, unsigned, whether or not it may be executed.
    static long payloadBytes(Command command, ReplyStyle style) {
        final boolean follows = style == ReplyStyle.EXTENDED
                ? command.has(NbdSpec.CMD_FLAG_PAYLOAD_LEN)
                : command.type == NbdSpec.CMD_WRITE;
        return follows ? command.length : 0;
    }

    /// What is wrong with a request.
    ///
    /// @return the error to answer with, or 0 if the request may be executed
    static int error(Command command, Agreement agreement) {
        final boolean extended = agreement.style() == ReplyStyle.EXTENDED;
        final int payloadFlag = extended && command.type == NbdSpec.CMD_WRITE ? NbdSpec.CMD_FLAG_PAYLOAD_LEN : 0;
        // Existing clients set FUA on anything.
        final int allowed = NbdSpec.CMD_FLAG_FUA | payloadFlag | ownFlags(command.type, agreement);
        if ((command.flags & ~allowed) != 0 || (command.flags & payloadFlag) != payloadFlag) {
            return NbdSpec.EINVAL;
        }
        return switch (command.type) {
            case NbdSpec.CMD_READ -> read(command, agreement);
            case NbdSpec.CMD_WRITE -> change(command, agreement, true);
            case NbdSpec.CMD_WRITE_ZEROES -> zeroes(command, agreement);
            case NbdSpec.CMD_TRIM -> change(command, agreement, agreement.offers(NbdSpec.FLAG_SEND_TRIM));
            case NbdSpec.CMD_CACHE -> range(command, agreement, NbdSpec.EINVAL);
            case NbdSpec.CMD_FLUSH -> (command.offset | command.length) == 0 ? NbdSpec.OK : NbdSpec.EINVAL;
            case NbdSpec.CMD_BLOCK_STATUS ->
                agreement.allocation() ? range(command, agreement, NbdSpec.EINVAL) : NbdSpec.EINVAL;
            default -> NbdSpec.EINVAL;
        };
    }

    private static int ownFlags(int type, Agreement agreement) {
        return switch (type) {
            case NbdSpec.CMD_READ -> agreement.offers(NbdSpec.FLAG_SEND_DF) ? NbdSpec.CMD_FLAG_DF : 0;
            case NbdSpec.CMD_WRITE_ZEROES -> NbdSpec.CMD_FLAG_NO_HOLE | NbdSpec.CMD_FLAG_FAST_ZERO;
            case NbdSpec.CMD_BLOCK_STATUS -> NbdSpec.CMD_FLAG_REQ_ONE;
            default -> 0;
        };
    }

    private static int read(Command command, Agreement agreement) {
        final int error = range(command, agreement, NbdSpec.EINVAL);
        if (error != NbdSpec.OK) {
            return error;
        }
        final int most =
                command.has(NbdSpec.CMD_FLAG_DF) ? TransmissionMemory.PIECE_BYTES_MAX : Export.PAYLOAD_BYTES_MAX;
        if (command.length > most) {
            return agreement.style().chunked() ? NbdSpec.EOVERFLOW : NbdSpec.EINVAL;
        }
        return NbdSpec.OK;
    }

    private static int zeroes(Command command, Agreement agreement) {
        final int error = change(command, agreement, agreement.offers(NbdSpec.FLAG_SEND_WRITE_ZEROES));
        if (error != NbdSpec.OK || !command.has(NbdSpec.CMD_FLAG_FAST_ZERO)) {
            return error;
        }
        final boolean mayUnmap = !command.has(NbdSpec.CMD_FLAG_NO_HOLE);
        return agreement.export().volume().zeroesFast(mayUnmap) ? NbdSpec.OK : NbdSpec.ENOTSUP;
    }

    private static int change(Command command, Agreement agreement, boolean offered) {
        if (agreement.readOnly()) {
            return NbdSpec.EPERM;
        }
        if (!offered) {
            return NbdSpec.EINVAL;
        }
        return range(command, agreement, command.type == NbdSpec.CMD_TRIM ? NbdSpec.EINVAL : NbdSpec.ENOSPC);
    }

    /// @param beyond the error if the range ends outside of the export
    private static int range(Command command, Agreement agreement, int beyond) {
        final long offset = command.offset;
        final long length = command.length;
        if (length == 0 || ((offset | length) & agreement.export().minimumBlockBytes() - 1) != 0) {
            return NbdSpec.EINVAL;
        }
        return offset < 0 || length < 0 || offset > agreement.sizeBytes() - length ? beyond : NbdSpec.OK;
    }
}
