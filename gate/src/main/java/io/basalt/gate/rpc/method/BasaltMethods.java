package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;
import static io.basalt.gate.rpc.RpcParameter.uuid;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeLayout;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.net.meta.MetaReply;
import io.basalt.placement.ClusterMap;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeRules;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.VolumeRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The cluster's volumes: `bdev_basalt_create`, `bdev_basalt_delete`, `bdev_basalt_get_path`.
///
/// Creating attaches the volume, deleting detaches it; both are idempotent. A created volume is saved with
/// the size it had when it was last seen, and comes back after a restart at once: guests find their disk,
/// and what they ask waits until the metaserver has given the volume to this gate again.
///
/// A volume that is `incoming` is attached when a guest's rings start, whoever has it then: so a guest
/// can be moved here whose gate still serves it (ADR 0012). The word is forgotten when the guest has
/// come.
final class BasaltMethods {
    private static final long TIMEOUT_MS_MAX = 86_400_000;

    private final VolumeRegistry volumes;
    private final LiveConfiguration configuration;
    private final @Nullable ClusterClient cluster;

    /// Names in the cluster of volumes that are being attached by a call.
    private final Set<String> attaching = new HashSet<>();

    /// @param cluster null if the gate belongs to none
    BasaltMethods(VolumeRegistry volumes, LiveConfiguration configuration, @Nullable ClusterClient cluster) {
        this.volumes = volumes;
        this.configuration = configuration;
        this.cluster = cluster;
        if (cluster != null) {
            cluster.onResize(this::resized);
            cluster.onArrival(this::arrived);
        }
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.deferring(
                "bdev_basalt_create",
                "Attach a volume of the cluster",
                List.of(
                        VolumeMethods.name("name"),
                        text("volume", "name of the volume in the cluster; the same as name if not given"),
                        uuid("uuid", "second name"),
                        flag("take_over", "take the volume from another gate that serves it, which is fenced"),
                        flag(
                                "incoming",
                                "a guest that another gate serves will move here: take the volume when its rings"
                                        + " start, not before"),
                        integer(
                                "io_timeout_ms",
                                0,
                                TIMEOUT_MS_MAX,
                                "milliseconds after which I/O that gets no answer fails; 0, never, if not given"),
                        integer("block_size", 512, 4096, "as saved: with num_blocks, do not wait for the metaserver"),
                        integer("num_blocks", 1, VolumeRules.SIZE_BYTES_MAX / 512, "as saved, with block_size")),
                this::create));
        dispatcher.register(RpcMethod.deferring(
                "bdev_basalt_delete",
                "Detach a volume of the cluster, whose content stays; true too if there is none",
                List.of(VolumeMethods.name("name")),
                this::delete));
        dispatcher.register(RpcMethod.of(
                "bdev_basalt_get_path",
                "Tell where a byte of a volume lies",
                List.of(
                        VolumeMethods.name("name"),
                        integer("offset", 0, VolumeRules.SIZE_BYTES_MAX, "in bytes")
                                .must()),
                this::path));
    }

    // ---- creating ----

    private void create(RpcCall call) {
        final String name = call.text("name");
        final String volume = call.text("volume", name);
        if (volume.length() > Limits.NAME_LENGTH_MAX) {
            throw RpcError.invalidParameter(
                    "volume",
                    "must have at most " + Limits.NAME_LENGTH_MAX + " characters, has " + volume.length(),
                    "give the name that the volume has in the cluster");
        }
        if (call.flag("incoming", false) && call.flag("take_over", false)) {
            throw RpcError.invalidParameter(
                    "incoming", "take_over wants the volume now, incoming when a guest has come", "give one of them");
        }
        if (isPresent(call, name, volume)) {
            decide(call, name);
            configuration.changed(LiveConfiguration.BDEV, name);
            call.answer(Json.text(name));
            return;
        }
        final ClusterClient client = requireCluster();
        final ClusterVolume open = client.find(volume);
        if (open != null) {
            throw RpcError.exists(
                    "volume",
                    "'" + volume + "' is attached to this gate as '" + open.name() + "'",
                    "use that one; a volume has one attachment at a time");
        }
        if (call.has("num_blocks") && call.has("block_size")) {
            finish(
                    call,
                    spec(
                            call,
                            volume,
                            VolumeRules.requireBlockSize((int) call.integer("block_size")),
                            call.integer("num_blocks")));
        } else {
            attach(call, volume, client);
        }
    }

    /// Whether the call asks for what is there.
    ///
    /// @throws RpcError if the name belongs to something else
    private boolean isPresent(RpcCall call, String name, String volume) {
        final VolumeEntry present = volumes.find(name);
        if (present == null) {
            return false;
        }
        if (present.spec() instanceof VolumeSpec.Basalt spec
                && spec.name().equals(name)
                && spec.volume().equals(volume)
                && spec.uuid().equals(uuidOf(call))
                && spec.ioTimeoutMs() == call.integer("io_timeout_ms", 0)) {
            return true;
        }
        throw RpcError.exists(
                "name",
                "there is a volume '" + name + "' with other parameters: " + present.spec(),
                "delete it first, choose another name, or repeat its parameters exactly");
    }

    /// An operator may decide anew about a volume that another gate has.
    private void decide(RpcCall call, String name) {
        final VolumeEntry entry = volumes.require("name", name);
        if (!(entry.volume() instanceof ClusterVolume volume)) {
            return;
        }
        if (call.flag("take_over", false)) {
            requireCluster().takeOver(volume);
            volumes.incoming(entry, false);
        } else if (call.flag("incoming", false) && volume.state() != VolumeState.ATTACHED) {
            if (!requireCluster().expectGuest(volume)) {
                throw RpcError.busy(
                        "incoming",
                        "'" + name + "' is " + volume.state() + ", and a guest may use it",
                        "have its front end disconnect first");
            }
            volumes.incoming(entry, true);
        }
    }

    private ClusterClient requireCluster() {
        if (cluster == null) {
            throw RpcError.unsupported(
                    "volume",
                    "this gate belongs to no cluster",
                    "start it with the addresses of a metaserver and the cluster's key");
        }
        return cluster;
    }

    private void attach(RpcCall call, String volume, ClusterClient client) {
        if (!attaching.add(volume)) {
            throw RpcError.busy("volume", "'" + volume + "' is being attached by another call", "wait, then ask again");
        }
        final MetaReply<VolumeRecord> reply = new MetaReply<>() {
            @Override
            public void done(VolumeRecord record) {
                attaching.remove(volume);
                try {
                    isPresent(call, call.text("name"), volume);
                    finish(call, spec(call, volume, record.blockBytes(), record.sizeBytes() / record.blockBytes()));
                } catch (RpcError refusal) {
                    client.forgo(volume);
                    call.fail(refusal);
                } catch (VolumeException refusal) {
                    client.forgo(volume);
                    call.fail(RpcError.of(refusal));
                }
            }

            @Override
            public void refused(MetaCode code, String reason) {
                attaching.remove(volume);
                call.fail(refusal(volume, code, reason));
            }
        };
        if (call.flag("incoming", false)) {
            client.lookup(volume, reply);
        } else {
            client.attach(volume, call.flag("take_over", false), reply);
        }
    }

    private static VolumeSpec.Basalt spec(RpcCall call, String volume, int blockSize, long blockCount) {
        return new VolumeSpec.Basalt(
                call.text("name"),
                uuidOf(call),
                volume,
                call.integer("io_timeout_ms", 0),
                blockSize,
                blockCount,
                call.flag("incoming", false));
    }

    private static UUID uuidOf(RpcCall call) {
        final UUID given = call.uuid("uuid");
        return given == null ? VolumeSpec.derivedUuid(call.text("name")) : given;
    }

    private void finish(RpcCall call, VolumeSpec.Basalt spec) {
        final VolumeEntry entry = volumes.create(spec);
        // The record may know another size than the saved configuration.
        if (entry.volume().sizeBytes() != spec.blockCount() * spec.blockSize()) {
            volumes.resized(entry);
        }
        final RpcError unsaved = configuration.trySave(LiveConfiguration.BDEV, entry.name());
        if (unsaved == null) {
            call.answer(Json.text(entry.name()));
        } else {
            call.fail(unsaved);
        }
    }

    private static RpcError refusal(String volume, MetaCode code, String reason) {
        return switch (code) {
            case NOT_FOUND ->
                RpcError.noDevice(
                        "volume", reason, "create '" + volume + "' in the cluster first, or correct the name");
            case ATTACHED ->
                RpcError.busy(
                        "volume",
                        reason,
                        "detach it there; or give incoming: true if its guest moves here, or take_over: true, which"
                                + " fences that gate");
            case UNAVAILABLE, NOT_LEADER, NOT_REGISTERED ->
                new RpcError(
                        RpcError.IO_ERROR,
                        "Input/output error",
                        "volume",
                        reason,
                        "check that a metaserver runs and that this gate can reach it; the call is idempotent");
            default -> new RpcError(RpcError.INVALID, "Invalid argument", "volume", code + ": " + reason, "");
        };
    }

    // ---- the rest ----

    private void delete(RpcCall call) {
        final VolumeEntry entry = volumes.find(call.text("name"));
        volumes.delete(call.text("name"), VolumeSpec.Kind.BASALT);
        final RpcError unsaved =
                configuration.trySave(LiveConfiguration.BDEV, entry == null ? call.text("name") : entry.name());
        final Runnable answer = () -> {
            if (unsaved == null) {
                call.answerTrue();
            } else {
                call.fail(unsaved);
            }
        };
        if (entry != null && entry.volume() instanceof ClusterVolume volume && cluster != null) {
            cluster.detach(volume, answer);
        } else {
            answer.run();
        }
    }

    private JsonNode path(RpcCall call) {
        final VolumeEntry entry = volumes.require(call.text("name"), VolumeSpec.Kind.BASALT);
        final long offset = call.integer("offset");
        if (offset >= entry.volume().sizeBytes()) {
            throw RpcError.invalidParameter(
                    "offset",
                    "must be 0 to " + (entry.volume().sizeBytes() - 1) + ", is " + offset,
                    "choose an offset within the volume");
        }
        final VolumeLayout layout = entry.volume() instanceof ClusterVolume volume ? volume.layout() : null;
        final ClusterMap map = layout == null || offset >= layout.sizeBytes()
                ? null
                : requireCluster().map(layout.setId(layout.partAt(offset)));
        if (layout == null || map == null) {
            throw RpcError.busy(
                    "name",
                    "volume '" + entry.name() + "' is not attached, or no map has come yet",
                    "bdev_get_bdevs says what it waits for");
        }
        return BasaltView.path(layout, map, offset);
    }

    /// The volume has another size in the cluster.
    private void resized(ClusterVolume volume) {
        final VolumeEntry entry = volumes.find(volume.name());
        if (entry != null) {
            volumes.resized(entry);
            // A size that could not be saved is corrected by the next attachment; the failure is in the log.
            configuration.trySave(LiveConfiguration.BDEV, entry.name());
        }
    }

    /// The guest that was expected has come: after a restart the volume is attached as any other.
    private void arrived(ClusterVolume volume) {
        final VolumeEntry entry = volumes.find(volume.name());
        if (entry != null) {
            volumes.incoming(entry, false);
            configuration.trySave(LiveConfiguration.BDEV, entry.name());
        }
    }
}
