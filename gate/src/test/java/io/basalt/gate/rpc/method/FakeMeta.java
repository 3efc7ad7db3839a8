package io.basalt.gate.rpc.method;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.Service;
import io.basalt.net.meta.Content;
import io.basalt.net.meta.ContentCall;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.DetachRequest;
import io.basalt.wire.meta.MapCodec;
import io.basalt.wire.meta.MapPiece;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A metaserver of tests: one set, some volumes, and no memory of requests.
final class FakeMeta implements Service, ConnectionListener {
    private static final int SET = 1;
    private static final int SHARD = 1 << 20;

    private final ClusterMap map;
    private final Map<String, VolumeRecord> volumes = new HashMap<>();
    final List<Integer> detached = new ArrayList<>();

    /// Attachments that were asked for by force.
    int forced;

    /// Whether attachments are answered with UNAVAILABLE.
    boolean mute;

    /// Generations go on where an earlier metaserver of the test has stopped.
    int generation;

    private @Nullable Connection node;

    FakeMeta(Network network, NodeAddress address, ClusterMap map) {
        this.map = map;
        network.listen(address, _ -> new Network.Acceptance(this, this));
    }

    void add(String name, long sizeBytes) {
        final long id = volumes.size() + 1L;
        volumes.put(
                name,
                new VolumeRecord(
                        id,
                        name,
                        sizeBytes,
                        SHARD,
                        4096,
                        "ssd",
                        0,
                        0,
                        0,
                        0,
                        List.of(new PartRecord(100 + id, SET, 0, sizeBytes))));
    }

    /// Make a volume larger, and tell the gate.
    void grow(String name, long sizeBytes) {
        final VolumeRecord old = Objects.requireNonNull(volumes.get(name));
        final List<PartRecord> parts =
                List.of(new PartRecord(old.parts().getFirst().partId(), SET, 0, sizeBytes));
        push(of(old, sizeBytes, old.generation(), old.gateNodeId(), parts));
    }

    /// Give a volume to another gate.
    void giveAway(String name) {
        final VolumeRecord old = Objects.requireNonNull(volumes.get(name));
        push(of(old, old.sizeBytes(), ++generation, 99, old.parts()));
    }

    private static VolumeRecord of(VolumeRecord old, long sizeBytes, int generation, int gate, List<PartRecord> parts) {
        return new VolumeRecord(
                old.volumeId(), old.name(), sizeBytes, SHARD, 4096, "ssd", 0, generation, gate, gate, parts);
    }

    private void push(VolumeRecord record) {
        volumes.put(record.name(), record);
        send(MetaMessage.VOLUME, record.toContent());
    }

    private void send(int type, byte[] content) {
        final ContentCall call = new ContentCall();
        call.ask(type, content, Long.MAX_VALUE, (_, _, _) -> {});
        final Connection to = node;
        if (to == null || !to.send(call)) {
            throw new AssertionError("the gate is not connected");
        }
    }

    @Override
    public void request(Incoming in) {
        switch (in.type()) {
            case MetaMessage.REGISTER ->
                Content.answer(
                        in,
                        MetaCode.OK,
                        new Registered(new UUID(1, 2), 5, 1_000_000_000L, 5_000_000_000L, List.of()).toContent());
            case MetaMessage.SUBSCRIBE -> {
                Content.done(in);
                sendMap();
            }
            case MetaMessage.LOOKUP -> lookup(in, VolumeName.of(Content.of(in)).name());
            case MetaMessage.ATTACH -> attach(in, AttachRequest.of(Content.of(in)));
            case MetaMessage.DETACH -> {
                detached.add(DetachRequest.of(Content.of(in)).generation());
                Content.done(in);
            }
            default -> Content.done(in);
        }
    }

    private void lookup(Incoming in, String name) {
        final VolumeRecord known = volumes.get(name);
        if (known == null) {
            Content.refuse(in, MetaCode.NOT_FOUND, "there is no volume " + name);
        } else {
            Content.answer(in, MetaCode.OK, known.toContent());
        }
    }

    private void attach(Incoming in, AttachRequest request) {
        final VolumeRecord old = volumes.get(request.volumeName());
        forced += request.takeOver() ? 1 : 0;
        if (mute) {
            Content.refuse(in, MetaCode.UNAVAILABLE, "no quorum");
        } else if (old == null) {
            Content.refuse(in, MetaCode.NOT_FOUND, "there is no volume " + request.volumeName());
        } else if (old.gateNodeId() == 99 && !request.takeOver()) {
            Content.refuse(in, MetaCode.ATTACHED, "node 99 serves " + request.volumeName());
        } else {
            final VolumeRecord granted = of(old, old.sizeBytes(), ++generation, 5, old.parts());
            volumes.put(old.name(), granted);
            Content.answer(in, MetaCode.OK, granted.toContent());
        }
    }

    private void sendMap() {
        final byte[] whole = MapCodec.encode(map);
        final CRC32C checksum = new CRC32C();
        checksum.update(whole);
        final MapPiece piece = new MapPiece(SET, 0, map.version(), whole.length, 0, (int) checksum.getValue());
        final ContentCall call = new ContentCall();
        call.askWithPiece(MetaMessage.MAP, piece.toContent(), whole, 0, whole.length, Long.MAX_VALUE, (_, _, _) -> {});
        final Connection to = node;
        if (to == null || !to.send(call)) {
            throw new AssertionError("the gate is not connected");
        }
    }

    @Override
    public void ready(Connection connection) {
        node = connection;
    }

    @Override
    public void closed(Connection connection, String reason) {
        node = null;
    }
}
