package io.basalt.gate.controller;

import io.basalt.block.RegionTable;
import io.basalt.block.RequestObserver;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.reactor.Reactor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One volume's channel on one data reactor, shared by all queues of a controller, or all connections
/// of an export, that live there: so that memory is registered with the device once a reactor, not once
/// a queue.
///
/// Concurrency: lives on its reactor; every method belongs to that thread.
public final class VolumeShare {
    private final Volume volume;
    private final Reactor reactor;
    private final RequestObserver observer;
    private @Nullable VolumeChannel channel;
    private int users;

    /// The channel is opened when it is taken first.
    public VolumeShare(VolumeClaim claim, Reactor reactor) {
        volume = claim.volume();
        this.reactor = reactor;
        observer = claim.entry().traces().on(reactor.id());
    }

    /// Who is to hear how long the volume's requests take on this reactor.
    public RequestObserver observer() {
        return observer;
    }

    Reactor reactor() {
        return reactor;
    }

    /// Take the channel; it is opened for the first user.
    public VolumeChannel take() {
        assert reactor.inLoop();
        final VolumeChannel open = channel == null ? volume.openChannel(reactor) : channel;
        channel = open;
        users++;
        return open;
    }

    /// Take the channel and register memory with it, for queues that are to start soon.
    void prepare(RegionTable memory) {
        take().useMemory(memory);
    }

    /// Undo [#prepare].
    void unprepare(RegionTable memory) {
        Objects.requireNonNull(channel, "prepared before").releaseMemory(memory);
        giveBack();
    }

    /// Give the channel back; it is closed after the last user, who has nothing in flight.
    public void giveBack() {
        assert reactor.inLoop();
        assert users > 0;
        users--;
        if (users == 0 && channel != null) {
            channel.close();
            channel = null;
        }
    }
}
