package io.basalt.virtio.scsi;

import io.basalt.scsi.ScsiTask;
import java.util.function.IntConsumer;

/// What a controller's queues have done elsewhere: by its control reactor, and by each other.
public interface ScsiDesk {
    /// Have [io.basalt.scsi.ScsiProcessor#runErrand] called on the control reactor.
    ///
    /// @param done run with its outcome, in the caller's reactor, from a later poll
    void errand(ScsiTask task, IntConsumer done);

    /// Manage the commands that have arrived for a target.
    ///
    /// @param target that is there
    /// @param function a `VIRTIO_SCSI_T_TMF_*` that the control queue does not decide itself
    /// @param tag of the command that it is about, if it is about one
    /// @param done run with the response, in the caller's reactor, from a later poll
    void manage(int target, int function, long tag, IntConsumer done);
}
