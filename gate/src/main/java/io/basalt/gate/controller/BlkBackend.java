package io.basalt.gate.controller;

import io.basalt.block.RegionTable;
import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkConfiguration;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.BlkQueue;
import io.basalt.virtio.blk.BlkQueueCounters;
import io.basalt.virtio.blk.InterruptCoalescing;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// One volume as a virtio-blk disk.
final class BlkBackend implements Backend {
    private final BlkDevice device;
    private final BlkConfiguration configuration;
    private final VolumeClaim claim;
    private final RingListener rings;
    private final List<QueueHome> homes;

    /// @param claim the volume; given back when the controller is gone
    /// @param rings told of rings that start and stop
    /// @throws IllegalArgumentException if the volume cannot be shown so
    BlkBackend(ControllerSpec spec, VolumeClaim claim, List<Reactor> reactors, int queueCount, RingListener rings) {
        this.claim = claim;
        this.rings = rings;
        device = new BlkDevice(
                claim.volume(),
                spec.volume(),
                spec.readOnly(),
                spec.packedRing(),
                BlkLimits.DEFAULT.withQueueCount(queueCount));
        configuration = new BlkConfiguration(device);
        homes = reactors.stream()
                .<QueueHome>map(reactor -> new Home(new VolumeShare(claim, reactor)))
                .toList();
    }

    @Override
    public long features() {
        return device.offeredFeatures();
    }

    @Override
    public int queueCount() {
        return device.limits().queueCount();
    }

    @Override
    public void readConfig(int offset, MemorySegment into) {
        final int length = (int) into.byteSize();
        MemorySegment.copy(configuration.read(offset, length), 0, into, ValueLayout.JAVA_BYTE, 0, length);
    }

    @Override
    public boolean writeConfig(int offset, MemorySegment data) throws RefusedException {
        final boolean before = device.writeback();
        if (!configuration.write(offset, data.toArray(ValueLayout.JAVA_BYTE))) {
            throw new RefusedException(
                    "config: only the writeback byte at offset 32 can be written, 0 or 1, and only if CONFIG_WCE is"
                            + " offered; got " + data.byteSize() + " bytes at " + offset);
        }
        return device.writeback() != before;
    }

    @Override
    public boolean writeback() {
        return device.writeback();
    }

    @Override
    public void writeback(boolean enabled) {
        device.writeback(enabled);
    }

    @Override
    public int delayBaseUs() {
        return device.coalescing().delayBaseUs();
    }

    @Override
    public int iopsThreshold() {
        return device.coalescing().iopsThreshold();
    }

    @Override
    public void coalescing(int delayBaseUs, int iopsThreshold) {
        device.coalescing(new InterruptCoalescing(delayBaseUs, iopsThreshold));
    }

    @Override
    public void slow(boolean slowly) {
        device.slow(slowly);
    }

    @Override
    public int inFlightMax() {
        return device.inFlightMax();
    }

    @Override
    public List<QueueHome> homes() {
        return homes;
    }

    @Override
    public RingListener rings() {
        return rings;
    }

    @Override
    public List<ControllerStatus.Target> targets() {
        return List.of();
    }

    @Override
    public void taken() {
        // All that matters is on the volume.
    }

    @Override
    public void close() {
        claim.close();
    }

    /// The volume has another size.
    void resized(long sizeBytes) {
        device.resize(sizeBytes);
    }

    private final class Home implements QueueHome {
        private final VolumeShare share;

        private Home(VolumeShare share) {
            this.share = share;
        }

        @Override
        public Reactor reactor() {
            return share.reactor();
        }

        @Override
        public ServedQueue open(QueueSetup setup, Listener listener) {
            final BlkQueue made = new BlkQueue(
                    device,
                    setup.index(),
                    share.take(),
                    reactor().engine(),
                    (broken, fault) -> listener.broken(broken.index(), fault));
            made.observedBy(share.observer());
            try {
                made.start(setup);
            } catch (QueueSetupException refused) {
                share.giveBack();
                throw refused;
            }
            return made;
        }

        @Override
        public void closed(ServedQueue queue) {
            share.giveBack();
        }

        @Override
        public void prepare(RegionTable memory) {
            share.prepare(memory);
        }

        @Override
        public void unprepare(RegionTable memory) {
            share.unprepare(memory);
        }

        @Override
        public Counting count(ServedQueue queue, String name) {
            final BlkQueueCounters counters = ((BlkQueue) queue).counters();
            final QueueStatistics counted = new QueueStatistics(name, reactor().id(), counters);
            claim.entry().addStatistics(counted);
            return new Counting() {
                @Override
                public long requests() {
                    long sum = 0;
                    for (final BlkQueueCounters.Kind kind : BlkQueueCounters.Kind.values()) {
                        sum += counters.operations(kind);
                    }
                    return sum;
                }

                @Override
                public long bytes() {
                    long sum = 0;
                    for (final BlkQueueCounters.Kind kind : BlkQueueCounters.Kind.values()) {
                        sum += counters.bytes(kind);
                    }
                    return sum;
                }

                @Override
                public void forget() {
                    claim.entry().removeStatistics(counted);
                }
            };
        }
    }
}
