package io.basalt.gate.handover;

import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Commit;
import io.basalt.gate.handover.HandoverMessage.Committed;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Front;
import io.basalt.gate.handover.HandoverMessage.Hello;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverMessage.RingBase;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.gate.handover.HandoverMessage.Switch;
import io.basalt.gate.handover.HandoverMessage.Taken;
import io.basalt.gate.handover.HandoverMessage.VolumeFile;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.VolumeRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The bodies of hand-over messages. What a message holds is written in the order of its record's
/// components: lists with their length before them (32 bits), numbers and truth values as wide as
/// they are, a null as one byte 0 and anything else with a byte 1 before it, descriptors as their
/// place among the frame's. The attachment of a Switch, which ends it, is just not there if it is null.
final class HandoverCodec {
    private static final int HELLO = 1;
    private static final int PREPARE = 2;
    private static final int READY = 3;
    private static final int SWITCH = 4;
    private static final int TAKEN = 5;
    private static final int COMMIT = 6;
    private static final int COMMITTED = 7;
    private static final int ABORT = 8;

    private static final int NO_FRONT = 0;
    private static final int SAME_FRONT = 1;
    private static final int OTHER_FRONT = 2;

    static final int TEXT_BYTES_MAX = 4096;
    static final int DISK_COUNT_MAX = 4096;
    private static final int REGION_COUNT_MAX = 512;
    private static final int RING_COUNT_MAX = 256;

    private HandoverCodec() {}

    /// A message as bytes, and the descriptors that go along, which stay the caller's.
    static final class Frame {
        private final byte[] bytes;
        private final List<Integer> fds;

        private Frame(byte[] bytes, List<Integer> fds) {
            this.bytes = bytes;
            this.fds = fds;
        }

        byte[] bytes() {
            return bytes;
        }

        List<Integer> fds() {
            return fds;
        }
    }

    static Frame encode(HandoverMessage message) {
        final Writer out = new Writer();
        final int type = out.message(message);
        return new Frame(HandoverFormat.frame(out.format, type, out.fields.toByteArray(), out.fds.size()), out.fds);
    }

    /// @param fds as many as the header says; the message's from now on
    /// @throws MetaFormatException naming the field that is wrong; the descriptors stay the caller's
    ///     then
    static HandoverMessage decode(int type, byte[] body, List<Integer> fds) {
        final Reader in = new Reader(new FieldReader(body), fds);
        final HandoverMessage message = in.message(type);
        in.fields.requireEnd("message type " + type);
        in.requireAllFdsNamed();
        return message;
    }

    /// Writes messages, and collects their descriptors.
    static final class Writer {
        final FieldWriter fields = new FieldWriter();
        final List<Integer> fds = new ArrayList<>();

        /// The oldest that has all of what was written.
        int format = HandoverFormat.FORMAT_MIN;

        int message(HandoverMessage message) {
            return switch (message) {
                case Hello hello -> {
                    fields.putShort(hello.formatMin()).putShort(hello.formatMax());
                    fields.putText(hello.product()).putInt(hello.processId());
                    yield HELLO;
                }
                case Prepare prepare -> {
                    fields.putBytes(prepare.configuration().getBytes(StandardCharsets.UTF_8));
                    fd(prepare.lock());
                    fd(prepare.rpcListener());
                    fields.putInt(prepare.files().size());
                    for (final VolumeFile file : prepare.files()) {
                        fields.putText(file.volume());
                        fd(file.fd());
                    }
                    fields.putInt(prepare.disks().size());
                    prepare.disks().forEach(this::image);
                    yield PREPARE;
                }
                case Ready _ -> READY;
                case Switch change -> {
                    fields.putInt(change.disks().size());
                    change.disks().forEach(this::state);
                    final VolumeRecord attachment = change.attachment();
                    if (attachment != null) {
                        format = HandoverFormat.ATTACHMENTS;
                        attachment.write(fields);
                    }
                    yield SWITCH;
                }
                case Taken _ -> TAKEN;
                case Commit _ -> COMMIT;
                case Committed _ -> COMMITTED;
                case Abort abort -> {
                    fields.putText(shortened(abort.reason()));
                    yield ABORT;
                }
                case HolderMessage held -> HolderCodec.write(held, this);
            };
        }

        private static String shortened(String reason) {
            return reason.length() <= TEXT_BYTES_MAX / 4 ? reason : reason.substring(0, TEXT_BYTES_MAX / 4);
        }

        void fd(int fd) {
            fields.putInt(fd < 0 ? -1 : fds.size());
            if (fd >= 0) {
                fds.add(fd);
            }
        }

        void image(DiskImage disk) {
            fields.putText(disk.name());
            fd(disk.listener());
            fd(disk.connection());
            final SessionImage session = disk.session();
            fields.putFlag(session != null);
            if (session != null) {
                session(session);
            }
        }

        private void state(DiskState disk) {
            fields.putText(disk.name()).putFlag(disk.writeback());
            switch (disk.front()) {
                case NoFront _ -> fields.putByte(NO_FRONT);
                case SameFront same -> {
                    fields.putByte(SAME_FRONT).putInt(same.bases().size());
                    same.bases().forEach(ring -> fields.putInt(ring.index()).putInt(ring.base()));
                }
                case OtherFront other -> {
                    fields.putByte(OTHER_FRONT);
                    fd(other.connection());
                    session(other.session());
                }
            }
        }

        private void session(SessionImage session) {
            fields.putLong(session.features())
                    .putLong(session.protocolFeatures())
                    .putByte(session.status());
            fields.putFlag(session.configRead())
                    .putFlag(session.configPending())
                    .putFlag(session.serving());
            fd(session.backendFd());
            fields.putInt(session.regions().size());
            for (final SessionImage.Region region : session.regions()) {
                fields.putLong(region.description().guestAddress());
                fields.putLong(region.description().size());
                fields.putLong(region.description().userAddress());
                fields.putLong(region.description().mmapOffset());
                fd(region.fd());
            }
            final SessionImage.Inflight inflight = session.inflight();
            fields.putFlag(inflight != null);
            if (inflight != null) {
                fields.putLong(inflight.mapOffset()).putInt(inflight.queueCount());
                fields.putInt(inflight.queueSize());
                fd(inflight.fd());
            }
            final SessionImage.Log log = session.log();
            fields.putFlag(log != null);
            if (log != null) {
                fields.putLong(log.size()).putLong(log.mapOffset());
                fd(log.fd());
            }
            fields.putInt(session.rings().size());
            session.rings().forEach(this::ring);
        }

        private void ring(SessionImage.RingImage ring) {
            fields.putInt(ring.index()).putInt(ring.size()).putFlag(ring.addressed());
            fields.putLong(ring.descriptorAddress())
                    .putLong(ring.driverAddress())
                    .putLong(ring.deviceAddress());
            fields.putLong(ring.usedLogAddress()).putInt(ring.base());
            fields.putFlag(ring.enabled()).putFlag(ring.runs());
            fd(ring.kickFd());
            fd(ring.callFd());
            fd(ring.errorFd());
        }
    }

    /// Reads messages, and hands out their descriptors.
    static final class Reader {
        final FieldReader fields;
        private final List<Integer> fds;
        private int named;

        Reader(FieldReader fields, List<Integer> fds) {
            this.fields = fields;
            this.fds = fds;
        }

        HandoverMessage message(int type) {
            return switch (type) {
                case HELLO ->
                    new Hello(
                            fields.takeShort("format min"),
                            fields.takeShort("format max"),
                            fields.takeText("product", TEXT_BYTES_MAX),
                            fields.takeInt("process id"));
                case PREPARE ->
                    new Prepare(
                            new String(
                                    fields.takeBytes("configuration", HandoverFormat.BODY_BYTES_MAX),
                                    StandardCharsets.UTF_8),
                            fd("lock"),
                            fd("rpc listener"),
                            list(
                                    "file count",
                                    DISK_COUNT_MAX,
                                    () -> new VolumeFile(fields.takeText("volume", TEXT_BYTES_MAX), fd("file"))),
                            list("disk count", DISK_COUNT_MAX, this::image));
                case READY -> new Ready();
                case SWITCH ->
                    new Switch(
                            list("disk count", DISK_COUNT_MAX, this::state),
                            fields.remaining() > 0 ? VolumeRecord.read(fields) : null);
                case TAKEN -> new Taken();
                case COMMIT -> new Commit();
                case COMMITTED -> new Committed();
                case ABORT -> new Abort(fields.takeText("reason", TEXT_BYTES_MAX));
                default -> HolderCodec.read(type, this);
            };
        }

        void requireAllFdsNamed() {
            if (named != fds.size()) {
                throw new MetaFormatException(fds.size() + " descriptors came along, " + named + " are named");
            }
        }

        /// Descriptors are named once, in their order.
        int fd(String field) {
            final int place = fields.takeInt(field);
            if (place == -1) {
                return -1;
            }
            if (place != named || named >= fds.size()) {
                throw new MetaFormatException(
                        field + ": descriptor " + place + " of " + fds.size() + ", expected " + named);
            }
            named++;
            return fds.get(place);
        }

        <T> List<T> list(String field, int most, Supplier<T> element) {
            final int count = fields.takeCount(field, most, 1);
            final List<T> all = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                all.add(element.get());
            }
            return all;
        }

        DiskImage image() {
            return new DiskImage(
                    fields.takeText("disk name", TEXT_BYTES_MAX),
                    fd("listener"),
                    fd("connection"),
                    fields.takeFlag("session present") ? session() : null);
        }

        private DiskState state() {
            return new DiskState(fields.takeText("disk name", TEXT_BYTES_MAX), fields.takeFlag("writeback"), front());
        }

        private Front front() {
            final int kind = fields.takeByte("front kind");
            return switch (kind) {
                case NO_FRONT -> new NoFront();
                case SAME_FRONT ->
                    new SameFront(list(
                            "ring count",
                            RING_COUNT_MAX,
                            () -> new RingBase(fields.takeInt("ring index"), fields.takeInt("ring base"))));
                case OTHER_FRONT -> new OtherFront(fd("connection"), session());
                default -> throw new MetaFormatException("front kind " + kind + " is not known here");
            };
        }

        private SessionImage session() {
            return new SessionImage(
                    fields.takeLong("features"),
                    fields.takeLong("protocol features"),
                    fields.takeByte("status"),
                    fields.takeFlag("config read"),
                    fields.takeFlag("config pending"),
                    fields.takeFlag("serving"),
                    fd("backend socket"),
                    list("region count", REGION_COUNT_MAX, this::region),
                    fields.takeFlag("inflight present")
                            ? new SessionImage.Inflight(
                                    fields.takeLong("inflight offset"),
                                    fields.takeInt("inflight queue count"),
                                    fields.takeInt("inflight queue size"),
                                    fd("inflight region"))
                            : null,
                    fields.takeFlag("log present")
                            ? new SessionImage.Log(
                                    fields.takeLong("log size"), fields.takeLong("log offset"), fd("dirty log"))
                            : null,
                    list("ring count", RING_COUNT_MAX, this::ring));
        }

        private SessionImage.Region region() {
            return new SessionImage.Region(
                    new io.basalt.virtio.vhostuser.RegionDescription(
                            fields.takeLong("guest address"),
                            fields.takeLong("region size"),
                            fields.takeLong("user address"),
                            fields.takeLong("mmap offset")),
                    fd("region"));
        }

        private SessionImage.RingImage ring() {
            return new SessionImage.RingImage(
                    fields.takeInt("ring index"),
                    fields.takeInt("ring size"),
                    fields.takeFlag("addressed"),
                    fields.takeLong("descriptor address"),
                    fields.takeLong("driver address"),
                    fields.takeLong("device address"),
                    fields.takeLong("used log address"),
                    fields.takeInt("ring base"),
                    fields.takeFlag("enabled"),
                    fields.takeFlag("runs"),
                    fd("kick"),
                    fd("call"),
                    fd("error"));
        }
    }
}
