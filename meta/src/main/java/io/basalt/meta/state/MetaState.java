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
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The deterministic state machine of the metaserver: `(state, command) → (state, result, events)`.
///
/// Two machines that have applied the same commands have the same [#snapshot()], byte for byte, whether or
/// not one of them was restored from a snapshot on the way. A command that is refused has changed nothing.
/// One whose version or kind is not understood is not applied at all: [#apply] throws, and its owner must
/// stop here, because everything after it would be applied to another state than elsewhere.
///
/// There is one small record per volume, whatever its size, and none per shard. One owner.
public final class MetaState {
    private static final int PAGE_GUESS = 128;

    /// In which version a command is written to be recognised when it comes again: always the same, so that every
    /// release recognises what another one has applied.
    private static final int FINGERPRINT_VERSION = 3;

    private final Tables tables;
    private final NodeRules nodeRules;
    private final SetRules setRules;
    private final PgRules pgRules;
    private final VolumeRules volumeRules;

    /// What a command led to.
    ///
    /// @param result for whoever proposed it
    /// @param events for those who must be told; empty if it was refused
    public record Applied(CommandResult result, List<MetaEvent> events) {}

    /// The state before the first command.
    public MetaState() {
        this(new Tables());
    }

    private MetaState(Tables tables) {
        this.tables = tables;
        nodeRules = new NodeRules(tables);
        setRules = new SetRules(tables);
        pgRules = new PgRules(tables);
        volumeRules = new VolumeRules(tables);
    }

    /// The state that a snapshot was taken of.
    ///
    /// @throws io.basalt.wire.meta.UnknownVersionException if a newer version has written it
    /// @throws MetaFormatException if it is malformed
    public static MetaState restore(byte[] snapshot) {
        try {
            return new MetaState(Tables.read(snapshot));
        } catch (InvalidClusterMapException e) {
            throw new MetaFormatException("snapshot: " + e.getMessage());
        }
    }

    /// The whole state in bytes; see `docs/FORMAT-META.md`.
    public byte[] snapshot() {
        return tables.write();
    }

    /// Apply a command as it stands in the log.
    ///
    /// @throws io.basalt.wire.meta.UnknownVersionException if it is not understood; nothing was changed
    /// @throws MetaFormatException if it is malformed; nothing was changed
    public Applied apply(byte[] entry) {
        final MetaCommand command = CommandCodec.decode(entry);
        tables.commandVersion = CommandCodec.version(entry);
        tables.newestCommand = Math.max(tables.newestCommand, tables.commandVersion);
        tables.events.clear();
        CommandResult result;
        try {
            result = applyOnce(command);
        } catch (Refusal refusal) {
            assert tables.events.isEmpty() : "a refused command changes nothing";
            result = refusal.result();
        } catch (InvalidClusterMapException e) {
            assert tables.events.isEmpty() : "a refused command changes nothing";
            result = CommandResult.refused(MetaCode.CONFLICT, "map", String.valueOf(e.getMessage()), "");
        }
        return new Applied(result, List.copyOf(tables.events));
    }

    private CommandResult applyOnce(MetaCommand command) {
        final RequestId id = command.requestId();
        if (id.equals(RequestId.NONE)) {
            return dispatch(command);
        }
        final int fingerprint = fingerprint(command);
        final RequestHistory.Done done = tables.history.find(id);
        if (done == null) {
            final CommandResult result = dispatch(command);
            tables.history.add(id, fingerprint, result.value());
            return result;
        }
        if (done.fingerprint() != fingerprint) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "request id",
                    "was used for another request",
                    "use a new idempotency key for each request");
        }
        return command instanceof Attach attach
                ? volumeRules.repeated(attach, done.value())
                : CommandResult.ok(done.value());
    }

    private CommandResult dispatch(MetaCommand command) {
        return switch (command) {
            case CreateCluster c -> create(c);
            case RegisterNode c -> nodeRules.apply(c);
            case MarkNode c -> nodeRules.apply(c);
            case RecordUsage c -> nodeRules.apply(c);
            case AdminDevice c -> nodeRules.apply(c);
            case CreateSet c -> setRules.apply(c);
            case PatchSet c -> setRules.apply(c);
            case LayoutPgs c -> setRules.apply(c);
            case ChangePg c -> pgRules.apply(c);
            case ChangePgs c -> pgRules.apply(c);
            case MovePgs c -> pgRules.apply(c);
            case TakeOut c -> nodeRules.apply(c);
            case CreateVolume c -> volumeRules.apply(c);
            case PatchVolume c -> volumeRules.apply(c);
            case DeleteVolume c -> volumeRules.apply(c);
            case Attach c -> volumeRules.apply(c);
            case Detach c -> volumeRules.apply(c);
            case Fence c -> volumeRules.apply(c);
            case AddToken c -> add(c);
            case RemoveToken c -> remove(c);
        };
    }

    private CommandResult create(CreateCluster command) {
        if (tables.created() || command.createdMs() == 0) {
            throw new Refusal(MetaCode.EXISTS, "cluster", "was created before", "");
        }
        tables.clusterId = command.clusterId();
        tables.createdMs = command.createdMs();
        return CommandResult.ok(1);
    }

    private CommandResult add(AddToken command) {
        Names.require("name", command.name());
        if (tables.tokens.containsKey(command.name())) {
            throw new Refusal(MetaCode.EXISTS, "name", "there is a token '" + command.name() + "'", "revoke it first");
        }
        if (tables.tokens.size() >= Limits.TOKENS_MAX) {
            throw new Refusal(MetaCode.LIMIT, "tokens", "there are " + Limits.TOKENS_MAX + " already", "");
        }
        tables.tokens.put(
                command.name(),
                new TokenRecord(command.name(), command.readOnly(), command.hash(), command.createdMs()));
        tables.events.add(new MetaEvent.TokensChanged());
        return CommandResult.ok(tables.tokens.size());
    }

    private CommandResult remove(RemoveToken command) {
        final TokenRecord token = tables.tokens.get(command.name());
        if (token == null) {
            throw new Refusal(
                    MetaCode.NOT_FOUND, "token", "there is no token '" + command.name() + "'", "list the tokens");
        }
        final boolean last = tables.tokens.values().stream()
                .noneMatch(other -> !other.readOnly() && !other.name().equals(command.name()));
        if (last) {
            throw new Refusal(
                    MetaCode.CONFLICT, "token", "is the last that may change anything", "make another one first");
        }
        tables.tokens.remove(command.name());
        tables.events.add(new MetaEvent.TokensChanged());
        return CommandResult.ok(tables.tokens.size());
    }

    /// What the command asks for, without the instant at which it was proposed: a retry has another one.
    private static int fingerprint(MetaCommand command) {
        final MetaCommand timeless = command instanceof CreateVolume c
                ? new CreateVolume(
                        c.requestId(),
                        c.name(),
                        c.sizeBytes(),
                        c.shardBytes(),
                        c.blockBytes(),
                        c.volumeClass(),
                        c.setName(),
                        0)
                : command;
        final CRC32C crc = new CRC32C();
        crc.update(CommandCodec.encode(timeless, FINGERPRINT_VERSION));
        return (int) crc.getValue();
    }

    /// Newest version of the commands that were applied: every replica of the log has to understand it. 0
    /// before the first command.
    public int newestCommand() {
        return tables.newestCommand;
    }

    /// Whether the cluster's first command was applied.
    public boolean created() {
        return tables.created();
    }

    /// The cluster's identity; zero before the first command.
    public UUID clusterId() {
        return tables.clusterId;
    }

    /// When the cluster was made, milliseconds since 1970.
    public long createdMs() {
        return tables.createdMs;
    }

    /// The nodes, by number.
    public Collection<NodeRecord> nodes() {
        return Collections.unmodifiableCollection(tables.nodes.values());
    }

    /// A node, null if there is none of that number.
    public @Nullable NodeRecord node(int id) {
        return tables.nodes.get(id);
    }

    /// A node, null if none has that uuid.
    public @Nullable NodeRecord node(UUID uuid) {
        return tables.node(uuid);
    }

    /// The devices, by number.
    public Collection<DeviceRecord> devices() {
        return Collections.unmodifiableCollection(tables.devices.values());
    }

    /// A device, null if there is none of that number.
    public @Nullable DeviceRecord device(int id) {
        return tables.devices.get(id);
    }

    /// A device, null if none has that uuid.
    public @Nullable DeviceRecord device(UUID uuid) {
        return tables.device(uuid);
    }

    /// Whether a device serves: its node is up, has presented it, and it gives no errors.
    public boolean answers(int deviceId) {
        return tables.answers(deviceId);
    }

    /// The sets, by number.
    public Collection<SetRecord> sets() {
        return Collections.unmodifiableCollection(tables.sets.values());
    }

    /// A set, null if there is none of that number.
    public @Nullable SetRecord set(int id) {
        return tables.sets.get(id);
    }

    /// A set, null if there is none of that name.
    public @Nullable SetRecord set(String name) {
        return tables.set(name);
    }

    /// How much a set holds.
    public Capacity capacity(SetRecord set) {
        return Capacity.of(set, tables.devices);
    }

    /// How many volumes there are.
    public int volumeCount() {
        return tables.volumes.size();
    }

    /// All volumes, by name.
    public Collection<VolumeRecord> volumes() {
        return Collections.unmodifiableCollection(tables.volumes.values());
    }

    /// The next volumes in the order of names.
    ///
    /// @param after the last name of the page before; empty for the first page
    /// @param most volumes of a page
    public List<VolumeRecord> volumes(String after, int most) {
        final NavigableMap<String, VolumeRecord> rest = tables.volumes.tailMap(after, false);
        final List<VolumeRecord> page = new ArrayList<>(Math.min(most, PAGE_GUESS));
        for (final VolumeRecord volume : rest.values()) {
            if (page.size() == most) {
                break;
            }
            page.add(volume);
        }
        return page;
    }

    /// A volume, null if there is none of that name.
    public @Nullable VolumeRecord volume(String name) {
        return tables.volumes.get(name);
    }

    /// A volume, null if there is none of that number.
    public @Nullable VolumeRecord volume(long id) {
        return tables.volume(id);
    }

    /// Whether a part was deleted with its volume. One with a number that was never given is not: an older
    /// state than a chunk server has seen must not make it free anything.
    public boolean isPartDeleted(long partId) {
        return partId <= tables.lastPartId && !tables.hasPart(partId);
    }

    /// The tokens, by name.
    public Collection<TokenRecord> tokens() {
        return Collections.unmodifiableCollection(tables.tokens.values());
    }
}
