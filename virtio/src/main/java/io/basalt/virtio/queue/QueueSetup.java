package io.basalt.virtio.queue;

import io.basalt.reactor.Signal;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Everything a running virtqueue knows from its front end. Immutable; a change on a running ring (call descriptor,
/// enable, dirty log, memory) is a new setup that the owner reactor swaps in between two polls and acknowledges.
///
/// @param index number of the queue in its device
/// @param size descriptors: split, a power of two up to 32768; packed, 1 to 32768 (virtio 1.2 sections 2.7, 2.8.10)
/// @param features negotiated feature bits (virtio and vhost-user's own)
/// @param memory the guest's memory
/// @param descriptorAddress descriptor table (split) or descriptor ring (packed), front end's user address
/// @param driverAddress available ring or driver event suppression area, front end's user address
/// @param deviceAddress used ring or device event suppression area, front end's user address
/// @param base vring base as SET_VRING_BASE gave it: split, next available index; packed, available index and wrap
///     in bits 0-15, used index and wrap in bits 16-31
/// @param enabled whether requests may be taken
/// @param kickFd eventfd the driver writes to, or -1; the session owns it until the queue has stopped
/// @param call raised when used buffers want the driver's attention
/// @param error raised when the ring breaks
/// @param inflight this queue's part of the inflight region, or null if the front end keeps none
/// @param log dirty log, or null when not logging
/// @param usedLogAddress guest physical address that writes to the device area are logged at, or -1 not to log them
public record QueueSetup(
        int index,
        int size,
        long features,
        GuestMemory memory,
        long descriptorAddress,
        long driverAddress,
        long deviceAddress,
        int base,
        boolean enabled,
        int kickFd,
        Signal call,
        Signal error,
        @Nullable MemorySegment inflight,
        @Nullable DirtyLog log,
        long usedLogAddress) {

    /// Whether a feature bit was negotiated.
    public boolean has(int featureBit) {
        return (features >>> featureBit & 1) != 0;
    }

    /// The same setup with requests to be taken or not.
    public QueueSetup withEnabled(boolean nowEnabled) {
        return new QueueSetup(
                index,
                size,
                features,
                memory,
                descriptorAddress,
                driverAddress,
                deviceAddress,
                base,
                nowEnabled,
                kickFd,
                call,
                error,
                inflight,
                log,
                usedLogAddress);
    }

    /// The same setup from another vring base on, that of a ring which has stopped.
    public QueueSetup withBase(int stoppedAt) {
        return new QueueSetup(
                index,
                size,
                features,
                memory,
                descriptorAddress,
                driverAddress,
                deviceAddress,
                stoppedAt,
                enabled,
                kickFd,
                call,
                error,
                inflight,
                log,
                usedLogAddress);
    }
}
