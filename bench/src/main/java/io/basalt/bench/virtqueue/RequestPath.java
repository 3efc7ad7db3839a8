package io.basalt.bench.virtqueue;

import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.linux.memory.Mapping;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.Signal;
import io.basalt.reactor.thread.SystemClock;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.BlkQueue;
import io.basalt.virtio.queue.QueueSetup;
import java.nio.file.Path;

/// Everything that a request passes in a gate, in one thread: a ring in guest memory, its [BlkQueue], a volume's
/// channel and a reactor with its io_uring; and the driver that offers the requests.
///
/// Belongs to the platform thread that made it.
public final class RequestPath implements AutoCloseable {
    private static final int RING_ENTRIES = 256;
    private static final long PASS_NS = 1000;

    private final Mapping guest = Mapping.anonymous(ReplayRing.MEMORY_BYTES);
    private final ReplayRing ring;
    private final Volume volume;
    private final boolean ownsVolume;
    private final Reactor reactor;
    private final VolumeChannel channel;
    private final BlkQueue queue;
    private long nowNs;

    private RequestPath(RingKind ringKind, Volume volume, boolean ownsVolume) {
        guest.prefault();
        this.volume = volume;
        this.ownsVolume = ownsVolume;
        ring = ReplayRing.create(ringKind, guest.segment());
        final Thread owner = Thread.currentThread();
        reactor = new Reactor(
                ReactorConfiguration.of("bench", 0),
                SystemClock.INSTANCE,
                UringEngine.open(RING_ENTRIES),
                () -> owner.equals(Thread.currentThread()),
                (where, source, fault) -> {
                    throw new AssertionError(source + " failed", fault);
                });
        channel = volume.openChannel(reactor);
        final BlkDevice device = new BlkDevice(volume, "bench", false, true, BlkLimits.DEFAULT);
        queue = new BlkQueue(device, 0, channel, reactor.engine(), (broken, fault) -> {
            throw new AssertionError("ring broken: " + fault);
        });
        queue.start(setup());
        reactor.addPoller(queue);
    }

    /// Build the path to a volume of its own.
    ///
    /// @param file for [VolumeKind#FILE]: an existing file
    public static RequestPath open(RingKind ringKind, VolumeKind volumeKind, Path file) {
        return new RequestPath(ringKind, volumeKind.open(file), true);
    }

    /// Build the path to a volume that others use too and that outlives it.
    public static RequestPath on(RingKind ringKind, Volume volume) {
        return new RequestPath(ringKind, volume, false);
    }

    private QueueSetup setup() {
        return new QueueSetup(
                0,
                ring.size(),
                ring.features(),
                ring.memory(),
                0,
                ring.driverAddress(),
                ring.deviceAddress(),
                ring.base(),
                true,
                -1,
                Signal.NONE,
                Signal.NONE,
                null,
                null,
                -1);
    }

    /// Offer requests and poll the queue once. For volumes that answer at once.
    ///
    /// @param batch 1 to 32
    /// @return what the poll did
    public int pollOnce(int batch) {
        ring.offer(batch);
        nowNs += PASS_NS;
        return queue.poll(nowNs);
    }

    /// Offer requests and let the reactor run until they are answered, whatever the volume.
    ///
    /// @param batch 1 to 32
    public void passUntilAnswered(int batch) {
        ring.offer(batch);
        do {
            reactor.runOnce();
        } while (queue.inFlight() > 0);
    }

    /// The queue, for its counters.
    public BlkQueue queue() {
        return queue;
    }

    /// The reactor, for what else lives in it.
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public void close() {
        reactor.removePoller(queue);
        queue.stop(base -> {});
        channel.close();
        reactor.engine().close();
        if (ownsVolume) {
            volume.close();
        }
        guest.close();
    }
}
