package io.basalt.gate.cluster;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.Service;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.reactor.Reactor;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A cluster of one device that keeps nothing and answers everything, in the reactor that asks it: for
/// running the code of cluster volumes before a guest waits for it. Reads bring whatever lay in memory.
///
/// Lives on one data reactor, but for [#open] and [#attach].
public final class PracticeCluster implements Service {
    /// Bytes of a volume.
    public static final long VOLUME_BYTES = 64L << 20;

    /// Bytes of its blocks.
    public static final int BLOCK_BYTES = 4096;

    private static final int SET = 1;
    private static final int DEVICE = 1;
    private static final int PG_COUNT = 16;
    private static final int EPOCH = 1;
    private static final int SHARD_BYTES = 1 << 20;
    private static final int IN_SYNC = 1;
    private static final ConnectionListener NOBODY = new ConnectionListener() {
        @Override
        public void ready(Connection connection) {
            // It asks.
        }

        @Override
        public void closed(Connection connection, String reason) {
            // It connects again if it likes.
        }
    };

    private final ClusterPort port;

    /// Listen, and know the way there.
    ///
    /// @param network of the reactor, with a key that no other process has; stays the caller's
    /// @param local address of this host; port 0
    public PracticeCluster(Reactor reactor, Network network, NodeAddress local, long gateInstance) {
        final NodeAddress address = network.listen(local, _ -> new Network.Acceptance(this, NOBODY));
        port = new ClusterPort(reactor, network, ClusterTimes.DEFAULT, gateInstance);
        final ReplicaSet alone = ReplicaSet.of(DEVICE);
        final var map = ClusterMap.builder(new RoutingRule(PG_COUNT, alone.size(), FailureDomain.HOST));
        map.addDevice(new Device(
                DEVICE,
                DEVICE,
                new Location("practice", "practice", "practice"),
                Device.WEIGHT_ONE,
                DeviceState.UP_IN,
                address.toString()));
        for (int pg = 0; pg < PG_COUNT; pg++) {
            map.pg(pg, EPOCH, alone, IN_SYNC);
        }
        port.mapChanged(SET, map.build());
    }

    /// A volume that is not attached yet. On the control reactor.
    public ClusterVolume open(String name, Reactor control) {
        return new ClusterVolume(name, name, BLOCK_BYTES, VOLUME_BYTES, 0, control, List.of(port));
    }

    /// Attach a volume of this cluster. On the control reactor.
    ///
    /// @param inherited the attachment to go on with; null for a new one
    /// @param generation of a new one, 1 and up
    public void attach(ClusterVolume volume, @Nullable VolumeRecord inherited, int generation) {
        volume.attached(inherited == null ? record(volume.volumeName(), generation) : inherited);
    }

    private static VolumeRecord record(String volumeName, int generation) {
        return new VolumeRecord(
                1,
                volumeName,
                VOLUME_BYTES,
                SHARD_BYTES,
                BLOCK_BYTES,
                "practice",
                0,
                generation,
                1,
                1,
                List.of(new PartRecord(1, SET, 0, VOLUME_BYTES)));
    }

    /// Let a volume rest whose channels are closed. On the control reactor.
    ///
    /// @return the attachment to go on with; null if there is none
    public @Nullable VolumeRecord rest(ClusterVolume volume) {
        return volume.rest();
    }

    @Override
    public void request(Incoming request) {
        if (request.type() == DataMessage.READ) {
            final int length = ShardRange.length(request.body());
            if (!request.takeAnswerBuffer(length)) {
                request.refuse();
                return;
            }
            request.answerPayload().reset(request.payloadTable());
            request.answerPayload().add(request.payloadRegion(), request.payloadOffset(), length);
        }
        AnswerBody.set(request.answerBody(), EPOCH, 0, 0);
        request.answer(AnswerCode.OK.code(), AnswerBody.BYTES);
    }

    /// Hang up. No volume has a channel any more.
    public void close() {
        port.close();
    }
}
