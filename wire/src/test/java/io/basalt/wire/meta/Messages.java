package io.basalt.wire.meta;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.ExceptionEntry;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/// One example of every kind of content, with what reads it.
final class Messages {
    static final UUID UUID_1 = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);

    private Messages() {}

    /// A content and its reader.
    static final class Example {
        private final Object value;
        private final byte[] content;
        private final Function<FieldReader, Object> reader;

        Example(Object value, byte[] content, Function<FieldReader, Object> reader) {
            this.value = value;
            this.content = content;
            this.reader = reader;
        }

        Object value() {
            return value;
        }

        byte[] content() {
            return content;
        }

        Function<FieldReader, Object> reader() {
            return reader;
        }
    }

    static Map<String, Example> all() {
        final Map<String, Example> all = new LinkedHashMap<>();
        final NodeRegistration registration = new NodeRegistration(
                UUID_1,
                "chunk-1",
                NodeRole.CHUNK,
                "0.1.0",
                "room",
                "rack",
                "host",
                "default",
                List.of(new DeviceRegistration(UUID_1, 1L << 40, "ssd", "127.0.0.1", 7710)));
        all.put("registration", new Example(registration, registration.toContent(), NodeRegistration::of));
        final Registered registered = new Registered(UUID_1, 3, 200_000_000, 1_000_000_000, List.of(7, 8));
        all.put("registered", new Example(registered, registered.toContent(), Registered::of));
        final Heartbeat heartbeat = new Heartbeat(
                3,
                List.of(new DeviceReport(
                        7, 1 << 20, 1L << 40, false, 250, 0x12345, 2, new ClientIo(5_000, 10, 11, 40_960, 45_056))));
        all.put("heartbeat", new Example(heartbeat, heartbeat.toContent(), Heartbeat::of));
        final Subscription subscription = new Subscription(3, List.of(new Subscription.HeldMap(1, 42)));
        all.put("subscription", new Example(subscription, subscription.toContent(), Subscription::of));
        final AttachRequest attach = new AttachRequest(new RequestId(5, 6), 4, 0x1122334455667788L, "vm1", true);
        all.put("attach", new Example(attach, attach.toContent(), AttachRequest::of));
        final DetachRequest detach = new DetachRequest(9, 2);
        all.put("detach", new Example(detach, detach.toContent(), DetachRequest::of));
        final VolumeName name = new VolumeName("vm1");
        all.put("name", new Example(name, name.toContent(), VolumeName::of));
        final ServeResult served = new ServeResult(2, "/run/basalt/vm1.sock");
        all.put("served", new Example(served, served.toContent(), ServeResult::of));
        final VolumeRecord volume = volume();
        all.put("volume", new Example(volume, volume.toContent(), VolumeRecord::of));
        final PgState pg = new PgState(5, 2, List.of(new PgState.Replica(1, true), new PgState.Replica(2, false)));
        all.put("pg", new Example(pg, pg.toContent(), PgState::of));
        final PgChange change = new PgChange(1, 5, 2, PgChange.Kind.REMOVE_FROM_IN_SYNC, 2);
        all.put("change", new Example(change, change.toContent(), PgChange::of));
        final MapPiece piece = new MapPiece(1, 41, 42, 100_000, 32_768, 0xcafebabe);
        all.put("piece", new Example(piece, piece.toContent(), MapPiece::of));
        final PartList parts = new PartList(List.of(3L, 5L));
        all.put("parts", new Example(parts, parts.toContent(), PartList::of));
        final HandOverRequest handOver = new HandOverRequest(3);
        all.put("hand-over", new Example(handOver, handOver.toContent(), HandOverRequest::of));
        final HandOverResult handedOver = new HandOverResult(List.of(new Subscription.HeldMap(1, 42)));
        all.put("handed over", new Example(handedOver, handedOver.toContent(), HandOverResult::of));
        final RepairReport repairs = new RepairReport(3, List.of(new RepairReport.Progress(1, 17, 8, 40, 100, 4096)));
        all.put("repairs", new Example(repairs, repairs.toContent(), RepairReport::of));
        return all;
    }

    static VolumeRecord volume() {
        return new VolumeRecord(
                9,
                "vm1",
                20L << 30,
                1 << 20,
                4096,
                "ssd",
                1_700_000_000_000L,
                2,
                4,
                0x1122334455667788L,
                List.of(new PartRecord(11, 1, 0, 20L << 30)));
    }

    static ClusterMap map() {
        final Location location = new Location("r", "k", "h");
        return ClusterMap.builder(new RoutingRule(3, 2, FailureDomain.HOST))
                .version(7)
                .minCopies(2)
                .addDevice(new Device(1, 1, location, 65536, DeviceState.UP_IN, "127.0.0.1:7710"))
                .addDevice(new Device(2, 2, location, 32768, DeviceState.DOWN_IN, "127.0.0.1:7711"))
                .exception(new ExceptionEntry(1, ReplicaSet.of(2, 1), ExceptionEntry.Reason.OPERATOR))
                .pg(0, 1, ReplicaSet.of(1, 2), 3)
                .pg(1, 4, ReplicaSet.of(2, 1), 1)
                .build();
    }
}
