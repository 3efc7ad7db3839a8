package io.basalt.simulation;

import io.basalt.chunk.ChunkDevice;
import io.basalt.chunk.Membership;
import io.basalt.chunk.Pulse;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaListener;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PartList;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.Registered;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A storage node's talk with the metaserver, in one life of its process: between the control reactor, where the
/// production client lives, and the device's reactor, by posted commands. What
/// [io.basalt.chunk.server.ChunkServer] does with threads around it.
final class ControlLink implements MetaListener {
    private final Reactor control;
    private final Reactor data;
    private final ControlTimes times;
    private final StorageNode node;
    private final Serve serve;

    // In the control reactor only.

    private @Nullable MetaClient client;

    private @Nullable Pulse pulse;
    private boolean reports;
    private int setId;

    /// Makes the node's device one of the cluster.
    @FunctionalInterface
    interface Serve {
        /// The metaserver has given the device a number. In the device's reactor; idempotent.
        void serve(int deviceId, ControlLink link);
    }

    ControlLink(Reactor control, Reactor data, ControlTimes times, StorageNode node, Serve serve) {
        this.control = control;
        this.data = data;
        this.times = times;
        this.node = node;
        this.serve = serve;
    }

    void start(MetaClient made) {
        client = made;
        made.start();
    }

    @Override
    public void registered(Registered registered) {
        if (pulse == null) {
            pulse = new Pulse(control.clock(), List.of(data), registered.timeoutNs());
        }
        if (registered.deviceIds().isEmpty()) {
            return;
        }
        final int deviceId = registered.deviceIds().getFirst();
        data.post(() -> serve.serve(deviceId, this));
        if (!reports) {
            reports = true;
            report(deviceId);
        }
    }

    @Override
    public boolean isAlive() {
        return pulse == null || pulse.stuck() == null;
    }

    @Override
    public void mapChanged(int newSetId, ClusterMap map) {
        setId = newSetId;
        data.post(() -> {
            final ChunkDevice device = node.device();
            if (device != null) {
                node.told(map);
                device.mapChanged(map);
            }
        });
    }

    @Override
    public void generationsRaised(GenerationBatch batch, Runnable acknowledge) {
        data.post(() -> {
            raise(batch);
            control.post(acknowledge);
        });
    }

    private void raise(GenerationBatch batch) {
        final ChunkDevice device = node.device();
        if (device == null) {
            return;
        }
        for (int index = 0; index < batch.count(); index++) {
            if (batch.generations()[index] > 0) {
                device.generationRaised(batch.volumeIds()[index], batch.generations()[index]);
            }
            if (batch.generations()[index] == GenerationBatch.DELETED) {
                device.sweepSoon();
            }
        }
        if (batch.last()) {
            device.generationsAreKnown();
        }
    }

    /// The way of a device's wishes, from its reactor.
    Membership membership() {
        return new Membership() {
            @Override
            public void removeFromInSync(int pg, int epoch, int deviceId) {
                wish(pg, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, deviceId, () -> {});
            }

            @Override
            public void takeBack(int pg, int epoch, int deviceId, Runnable cannot) {
                wish(pg, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, deviceId, () -> data.post(cannot));
            }

            @Override
            public void partsHeld(int deviceId, long[] partIds) {
                control.post(() -> askForDeleted(partIds));
            }

            @Override
            public void addToInSync(int pg, int epoch, int deviceId) {
                wish(pg, epoch, PgChange.Kind.ADD_TO_IN_SYNC, deviceId, () -> {});
            }
        };
    }

    /// @param unchanged run if the wish is granted and has changed nothing
    private void wish(int pg, int epoch, PgChange.Kind kind, int deviceId, Runnable unchanged) {
        control.post(() -> {
            final MetaClient at = Objects.requireNonNull(client);
            if (at.ready() && setId != 0) {
                at.change(new PgChange(setId, pg, epoch, kind, deviceId), new Wish(epoch, unchanged));
            }
        });
    }

    private void askForDeleted(long[] partIds) {
        final MetaClient at = Objects.requireNonNull(client);
        if (at.ready() && partIds.length > 0) {
            at.deletedParts(new PartList(Arrays.stream(partIds).boxed().toList()), new Deleted(data, node));
        }
    }

    private void report(int deviceId) {
        data.post(() -> {
            final StoreCapacity capacity = node.storeOf().capacity();
            final boolean failed = node.storeOf().hasFailed();
            control.post(() -> Objects.requireNonNull(client)
                    .report(new DeviceReport(deviceId, capacity.usedBytes(), capacity.totalBytes(), failed, 0)));
        });
        control.schedule(times.reportNs(), () -> report(deviceId));
    }

    /// The parts that the device may free; asked again after its next walk if nobody says.
    private record Deleted(Reactor data, StorageNode node) implements MetaReply<PartList> {
        @Override
        public void done(PartList deleted) {
            data.post(() -> {
                final ChunkDevice device = node.device();
                if (device != null) {
                    device.partsDeleted(deleted.partIds().stream()
                            .mapToLong(Long::longValue)
                            .toArray());
                }
            });
        }

        @Override
        public void refused(MetaCode code, String reason) {}
    }

    /// If a wish is granted, a newer map says so; if not, it is uttered again.
    private record Wish(int epoch, Runnable unchanged) implements MetaReply<PgChangeResult> {
        @Override
        public void done(PgChangeResult result) {
            if (result.granted() && result.state().epoch() == epoch) {
                unchanged.run();
            }
        }

        @Override
        public void refused(MetaCode code, String reason) {}
    }
}
