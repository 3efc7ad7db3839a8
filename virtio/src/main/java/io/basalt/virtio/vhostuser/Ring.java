package io.basalt.virtio.vhostuser;

import io.basalt.reactor.Signal;

/// What a session knows of one ring: all that the front end said of it, and where it stands.
final class Ring {
    final int index;
    private RingState state = RingState.STOPPED;

    /// Descriptors, or 0 while unknown.
    int size;

    boolean addressed;
    long descriptorAddress;
    long driverAddress;
    long deviceAddress;
    /// Guest address of the used ring for the dirty log, or -1 not to log it.
    long usedLogAddress = -1;

    /// Where the ring starts, or where it last stopped.
    int base;

    boolean enabled;
    int kickFd = -1;
    int callFd = -1;
    int errorFd = -1;
    Signal call = Signal.NONE;
    Signal error = Signal.NONE;

    Ring(int index) {
        this.index = index;
    }

    RingState state() {
        return state;
    }

    boolean started() {
        return state == RingState.STARTED;
    }

    void become(RingState next) {
        assert state.mayBecome(next) : state + " to " + next;
        state = next;
    }

    /// Whether the front end has said anything of it.
    boolean known() {
        return state != RingState.STOPPED
                || size != 0
                || addressed
                || base != 0
                || enabled
                || kickFd >= 0
                || callFd >= 0
                || errorFd >= 0;
    }

    SessionImage.RingImage image() {
        assert state == RingState.STOPPED || state == RingState.PARKED || state == RingState.STARTED : state;
        return new SessionImage.RingImage(
                index,
                size,
                addressed,
                descriptorAddress,
                driverAddress,
                deviceAddress,
                usedLogAddress,
                base,
                enabled,
                state != RingState.STOPPED,
                kickFd,
                callFd,
                errorFd);
    }

    /// Take over what an image says, but the event descriptors.
    void restore(SessionImage.RingImage image) {
        size = image.size();
        addressed = image.addressed();
        descriptorAddress = image.descriptorAddress();
        driverAddress = image.driverAddress();
        deviceAddress = image.deviceAddress();
        usedLogAddress = image.usedLogAddress();
        base = image.base();
        enabled = image.enabled();
        if (image.runs()) {
            state = RingState.PARKED;
        }
    }

    /// Forget what a driver set up, but not what belongs to the connection.
    void reset() {
        assert state == RingState.STOPPED : state;
        size = 0;
        addressed = false;
        usedLogAddress = -1;
        base = 0;
        enabled = false;
    }
}
