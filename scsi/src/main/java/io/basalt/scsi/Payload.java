package io.basalt.scsi;

import io.basalt.block.IoVector;

/// The buffers that an initiator has sent with a command. Its bytes are an initiator's: each is read once.
public interface Payload {
    /// Bytes that the initiator sends.
    long outLength();

    /// Bytes that the initiator has room for.
    long inLength();

    /// Name the first bytes that the initiator sends.
    ///
    /// @param length 1 to [#outLength()]
    /// @return false if they are not the initiator's memory, or in too many pieces; the vector is then of no use
    boolean mapOut(IoVector into, int length);

    /// Name the first bytes that the initiator has room for.
    ///
    /// @param length 1 to [#inLength()]
    /// @return false if they are not the initiator's memory, or in too many pieces; the vector is then of no use
    boolean mapIn(IoVector into, int length);

    /// Copy the first bytes that the initiator sends.
    ///
    /// @param length at most [#outLength()]
    /// @return false if they are not the initiator's memory
    boolean read(byte[] into, int length);

    /// Copy to the first bytes that the initiator has room for.
    ///
    /// @param length at most [#inLength()]
    /// @return false if they are not the initiator's memory
    boolean write(byte[] from, int length);
}
