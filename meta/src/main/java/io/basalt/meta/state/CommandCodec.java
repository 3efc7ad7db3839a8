package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.AddToken;
import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.Attach;
import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.ChangePgs;
import io.basalt.meta.state.MetaCommand.CreateCluster;
import io.basalt.meta.state.MetaCommand.CreateSet;
import io.basalt.meta.state.MetaCommand.CreateVolume;
import io.basalt.meta.state.MetaCommand.DeleteVolume;
import io.basalt.meta.state.MetaCommand.Detach;
import io.basalt.meta.state.MetaCommand.Fence;
import io.basalt.meta.state.MetaCommand.LayoutPgs;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.MetaCommand.PatchSet;
import io.basalt.meta.state.MetaCommand.PatchVolume;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.meta.state.MetaCommand.RegisterNode;
import io.basalt.meta.state.MetaCommand.RemoveToken;
import io.basalt.meta.state.MetaCommand.TakeOut;
import io.basalt.placement.InvalidClusterMapException;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.ProtocolVersions;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MapCodes;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The bytes of a [MetaCommand]: a byte of version, a byte of kind, its fields in the order of the record.
/// Numbers of kinds are never used again. See `docs/FORMAT-META.md`.
public final class CommandCodec {
    /// The newest version that is written and understood. A command has the effect that it had in the version
    /// which it was written in: version 2 brought fail-over, version 3 keeps silent copies until others have
    /// joined.
    public static final int VERSION = 3;

    /// The oldest version that is still written, for replicas of the release before.
    public static final int OLDEST_WRITTEN = 2;

    /// From this version of the protocol on, its processes understand commands of version 3.
    private static final int PROTOCOL_OF_COMMAND_3 = 2;

    private static final int CREATE_CLUSTER = 1;
    private static final int REGISTER_NODE = 2;
    private static final int MARK_NODE = 3;
    private static final int RECORD_USAGE = 4;
    private static final int ADMIN_DEVICE = 5;
    private static final int CREATE_SET = 6;
    private static final int PATCH_SET = 7;
    private static final int LAYOUT_PGS = 8;
    private static final int CHANGE_PG = 9;
    private static final int CREATE_VOLUME = 10;
    private static final int PATCH_VOLUME = 11;
    private static final int DELETE_VOLUME = 12;
    private static final int ATTACH = 13;
    private static final int DETACH = 14;
    private static final int FENCE = 15;
    private static final int ADD_TOKEN = 16;
    private static final int REMOVE_TOKEN = 17;
    private static final int CHANGE_PGS = 18;
    private static final int MOVE_PGS = 19;
    private static final int TAKE_OUT = 20;
    private static final int LAST_KIND = TAKE_OUT;

    private static final int USAGE_BYTES = 4 + 8 + 8 + 1;
    private static final int CHANGE_BYTES = 4 + 4 + 4 + 1 + 4;
    private static final int MOVE_BYTES = 4 * 4;

    private CommandCodec() {}

    /// The newest version of commands that a process understands.
    ///
    /// @param spoken the versions of the protocol that it speaks
    public static int newest(ProtocolVersions spoken) {
        return spoken.most() >= PROTOCOL_OF_COMMAND_3 ? VERSION : OLDEST_WRITTEN;
    }

    /// The bytes of a command, in the newest version.
    public static byte[] encode(MetaCommand command) {
        return encode(command, VERSION);
    }

    /// The bytes of a command.
    ///
    /// @param version [#OLDEST_WRITTEN] to [#VERSION]: its effect is that of this version
    public static byte[] encode(MetaCommand command, int version) {
        assert version >= OLDEST_WRITTEN : "versions before are not written any more";
        assert version <= VERSION : "a version that is not understood is not written";
        final FieldWriter out = new FieldWriter().putByte(version);
        switch (command) {
            case CreateCluster c -> {
                out.putByte(CREATE_CLUSTER);
                putUuid(out, c.clusterId()).putLong(c.createdMs());
            }
            case RegisterNode c -> {
                c.registration().write(out.putByte(REGISTER_NODE));
                out.putLong(c.atMs());
            }
            case MarkNode c -> out.putByte(MARK_NODE).putInt(c.nodeId()).putFlag(c.up());
            case RecordUsage c -> putUsage(out.putByte(RECORD_USAGE), c);
            case AdminDevice c -> {
                out.putByte(ADMIN_DEVICE).putInt(c.deviceId());
                out.putByte(c.action().code()).putInt(c.weight());
            }
            case CreateSet c -> putSet(out.putByte(CREATE_SET), c);
            case PatchSet c -> {
                out.putByte(PATCH_SET).putText(c.name());
                out.putByte(c.minCopies()).putInt(c.overcommitPercent());
            }
            case LayoutPgs c -> putLayout(out.putByte(LAYOUT_PGS), c);
            case ChangePg c -> c.change().write(out.putByte(CHANGE_PG));
            case ChangePgs c -> {
                out.putByte(CHANGE_PGS).putInt(c.changes().size());
                c.changes().forEach(change -> change.write(out));
            }
            case MovePgs c -> putMoves(out.putByte(MOVE_PGS), c);
            case TakeOut c -> {
                out.putByte(TAKE_OUT).putInt(c.deviceIds().size());
                c.deviceIds().forEach(out::putInt);
            }
            case CreateVolume c -> putVolume(out.putByte(CREATE_VOLUME), c);
            case PatchVolume c -> {
                c.requestId().write(out.putByte(PATCH_VOLUME));
                out.putText(c.name())
                        .putText(c.newName())
                        .putLong(c.sizeBytes())
                        .putText(c.volumeClass());
            }
            case DeleteVolume c -> {
                c.requestId().write(out.putByte(DELETE_VOLUME));
                out.putText(c.name());
            }
            case Attach c -> putAttach(out.putByte(ATTACH), c.request());
            case Detach c -> out.putByte(DETACH).putLong(c.volumeId()).putInt(c.generation());
            case Fence c -> {
                c.requestId().write(out.putByte(FENCE));
                out.putText(c.name());
            }
            case AddToken c -> {
                out.putByte(ADD_TOKEN).putText(c.name()).putFlag(c.readOnly());
                out.putRaw(c.hash()).putLong(c.createdMs());
            }
            case RemoveToken c -> out.putByte(REMOVE_TOKEN).putText(c.name());
        }
        return out.toByteArray();
    }

    /// The command of such bytes.
    ///
    /// @throws UnknownVersionException if this process does not understand it: it must apply neither this
    ///     one nor any after it
    /// @throws MetaFormatException if it is malformed
    public static MetaCommand decode(byte[] bytes) {
        final FieldReader in = new FieldReader(bytes);
        final int version = in.takeByte("version");
        if (version < 1 || version > VERSION) {
            throw new UnknownVersionException("command", version, VERSION);
        }
        final int kind = in.takeByte("kind");
        final MetaCommand command;
        try {
            command = decode(kind, in);
        } catch (InvalidClusterMapException e) {
            throw new MetaFormatException("command of kind " + kind + ": " + e.getMessage());
        }
        in.requireEnd("command of kind " + kind);
        return command;
    }

    /// The version that a command was written in.
    ///
    /// @param bytes of an entry of the log, at least one
    public static int version(byte[] bytes) {
        return bytes[0];
    }

    private static MetaCommand decode(int kind, FieldReader in) {
        return switch (kind) {
            case CREATE_CLUSTER -> new CreateCluster(takeUuid(in), in.takeLong("created"));
            case REGISTER_NODE -> new RegisterNode(NodeRegistration.read(in), in.takeLong("at"));
            case MARK_NODE -> new MarkNode(in.takeInt("node id"), in.takeFlag("up"));
            case RECORD_USAGE -> takeUsage(in);
            case ADMIN_DEVICE -> new AdminDevice(in.takeInt("device id"), takeAction(in), in.takeInt("weight"));
            case CREATE_SET -> takeSet(in);
            case PATCH_SET -> new PatchSet(takeName(in), in.takeByte("min copies"), in.takeInt("overcommit"));
            case LAYOUT_PGS -> takeLayout(in);
            case CHANGE_PG -> new ChangePg(PgChange.read(in));
            case CHANGE_PGS -> takeChanges(in);
            case MOVE_PGS -> takeMoves(in);
            case TAKE_OUT -> takeOut(in);
            case CREATE_VOLUME -> takeVolume(in);
            case PATCH_VOLUME ->
                new PatchVolume(
                        RequestId.read(in),
                        takeName(in),
                        takeName(in),
                        in.takeLong("size"),
                        in.takeText("class", Limits.TEXT_BYTES_MAX));
            case DELETE_VOLUME -> new DeleteVolume(RequestId.read(in), takeName(in));
            case ATTACH -> new Attach(takeAttach(in));
            case DETACH -> new Detach(in.takeLong("volume id"), in.takeInt("generation"));
            case FENCE -> new Fence(RequestId.read(in), takeName(in));
            case ADD_TOKEN ->
                new AddToken(
                        takeName(in),
                        in.takeFlag("read only"),
                        in.takeRaw("hash", TokenRecord.HASH_BYTES),
                        in.takeLong("created"));
            case REMOVE_TOKEN -> new RemoveToken(takeName(in));
            default -> throw new UnknownVersionException("command of unknown kind, which", kind, LAST_KIND);
        };
    }

    private static void putUsage(FieldWriter out, RecordUsage command) {
        out.putInt(command.usages().size());
        for (final RecordUsage.Usage usage : command.usages()) {
            out.putInt(usage.deviceId()).putLong(usage.usedBytes());
            out.putLong(usage.capacityBytes()).putFlag(usage.failed());
        }
    }

    private static RecordUsage takeUsage(FieldReader in) {
        final int count = in.takeCount("usages", Limits.DEVICES_MAX, USAGE_BYTES);
        final List<RecordUsage.Usage> usages = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            usages.add(new RecordUsage.Usage(
                    in.takeInt("device id"),
                    in.takeLong("used", 0, Long.MAX_VALUE),
                    in.takeLong("capacity", 0, Long.MAX_VALUE),
                    in.takeFlag("failed")));
        }
        return new RecordUsage(usages);
    }

    private static AdminDevice.Action takeAction(FieldReader in) {
        final int number = in.takeByte("action");
        for (final AdminDevice.Action each : AdminDevice.Action.values()) {
            if (each.code() == number) {
                return each;
            }
        }
        throw new MetaFormatException("action is " + number + ", expected 0 to 3");
    }

    private static void putSet(FieldWriter out, CreateSet command) {
        final RoutingRule rule = command.rule();
        out.putText(command.name()).putInt(rule.pgCount()).putByte(rule.copies());
        out.putByte(MapCodes.of(rule.failureDomain())).putByte(rule.relaxations());
        out.putByte(command.minCopies()).putInt(command.overcommitPercent());
    }

    private static CreateSet takeSet(FieldReader in) {
        final String name = takeName(in);
        final RoutingRule rule = new RoutingRule(
                in.takeInt("pg count"),
                in.takeByte("copies"),
                MapCodes.failureDomain(in.takeByte("failure domain")),
                in.takeByte("relaxations"));
        return new CreateSet(name, rule, in.takeByte("min copies"), in.takeInt("overcommit"));
    }

    private static void putLayout(FieldWriter out, LayoutPgs command) {
        out.putInt(command.setId())
                .putLong(command.mapVersion())
                .putInt(command.replicas().size());
        for (final int[] devices : command.replicas()) {
            out.putByte(devices.length);
            for (final int device : devices) {
                out.putInt(device);
            }
        }
    }

    private static LayoutPgs takeLayout(FieldReader in) {
        final int setId = in.takeInt("set id");
        final long mapVersion = in.takeLong("map version");
        final int count = in.takeCount("pgs", RoutingRule.PG_COUNT_MAX, 1);
        final List<int[]> replicas = new ArrayList<>(count);
        for (int pg = 0; pg < count; pg++) {
            final int copies = in.takeByte("replicas");
            if (copies > Limits.COPIES_MAX) {
                throw new MetaFormatException("replicas is " + copies + ", expected 0 to " + Limits.COPIES_MAX);
            }
            final int[] devices = new int[copies];
            for (int index = 0; index < copies; index++) {
                devices[index] = in.takeInt("replica device", 1, Integer.MAX_VALUE);
            }
            replicas.add(devices);
        }
        return new LayoutPgs(setId, mapVersion, replicas);
    }

    private static ChangePgs takeChanges(FieldReader in) {
        final int count = in.takeCount("changes", ChangePgs.COUNT_MAX, CHANGE_BYTES);
        final List<PgChange> changes = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            changes.add(PgChange.read(in));
        }
        return new ChangePgs(changes);
    }

    private static void putMoves(FieldWriter out, MovePgs command) {
        out.putInt(command.setId()).putInt(command.moves().size());
        for (final MovePgs.Move move : command.moves()) {
            out.putInt(move.pg()).putInt(move.epoch()).putInt(move.from()).putInt(move.to());
        }
    }

    private static MovePgs takeMoves(FieldReader in) {
        final int setId = in.takeInt("set id", 1, Integer.MAX_VALUE);
        final int count = in.takeCount("moves", MovePgs.COUNT_MAX, MOVE_BYTES);
        final List<MovePgs.Move> moves = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            moves.add(new MovePgs.Move(
                    in.takeInt("pg", 0, Limits.PGS_MAX - 1),
                    in.takeInt("epoch", 0, Limits.EPOCH_MAX),
                    in.takeInt("from device", 1, Integer.MAX_VALUE),
                    in.takeInt("to device", 0, Integer.MAX_VALUE)));
        }
        return new MovePgs(setId, moves);
    }

    private static TakeOut takeOut(FieldReader in) {
        final int count = in.takeCount("devices", Limits.DEVICES_MAX, Integer.BYTES);
        final List<Integer> deviceIds = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            deviceIds.add(in.takeInt("device id", 1, Integer.MAX_VALUE));
        }
        return new TakeOut(deviceIds);
    }

    private static void putVolume(FieldWriter out, CreateVolume command) {
        command.requestId().write(out);
        out.putText(command.name()).putLong(command.sizeBytes());
        out.putInt(command.shardBytes()).putInt(command.blockBytes());
        out.putText(command.volumeClass()).putText(command.setName()).putLong(command.createdMs());
    }

    private static CreateVolume takeVolume(FieldReader in) {
        return new CreateVolume(
                RequestId.read(in),
                takeName(in),
                in.takeLong("size"),
                in.takeInt("shard size"),
                in.takeInt("block size"),
                in.takeText("class", Limits.TEXT_BYTES_MAX),
                takeName(in),
                in.takeLong("created"));
    }

    private static void putAttach(FieldWriter out, AttachRequest request) {
        request.requestId().write(out);
        out.putInt(request.nodeId()).putLong(request.gateInstance());
        out.putText(request.volumeName()).putFlag(request.takeOver());
    }

    private static AttachRequest takeAttach(FieldReader in) {
        return new AttachRequest(
                RequestId.read(in),
                in.takeInt("node id"),
                in.takeLong("gate instance"),
                takeName(in),
                in.takeFlag("take over"));
    }

    private static String takeName(FieldReader in) {
        return in.takeText("name", Limits.NAME_LENGTH_MAX);
    }

    private static FieldWriter putUuid(FieldWriter out, UUID uuid) {
        return out.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    }

    private static UUID takeUuid(FieldReader in) {
        return new UUID(in.takeLong("uuid"), in.takeLong("uuid"));
    }
}
