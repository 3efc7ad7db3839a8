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
