package io.basalt.virtio.vhostuser;

/// A ring as a front end hands it over.
///
/// @param index number of the queue
/// @param size descriptors
/// @param base where the ring goes on, as in SET_VRING_BASE
/// @param descriptorAddress descriptor table or packed ring, in the front end's memory
/// @param availableAddress available ring or driver event area
/// @param usedAddress used ring or device event area
/// @param usedLogAddress guest address of the used ring for the dirty log, or -1 not to log it
/// @param kickFd eventfd that the front end writes to, or -1 to be polled; stays the front end's
/// @param callFd eventfd that the back end writes to, or -1; stays the front end's
/// @param errorFd eventfd raised when the ring breaks, or -1; stays the front end's
public record FrontEndRing(
        int index,
        int size,
        int base,
        long descriptorAddress,
        long availableAddress,
        long usedAddress,
        long usedLogAddress,
        int kickFd,
        int callFd,
        int errorFd) {}
