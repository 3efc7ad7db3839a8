package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;
import static io.basalt.gate.rpc.RpcParameter.uuid;

import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.gate.volume.VolumeSpec.Kind;
import io.basalt.store.VolumeRules;
import io.basalt.store.file.FileVolume;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// Making, resizing and deleting volumes: `bdev_null_*`, `bdev_malloc_*`, `bdev_uring_*`, `bdev_aio_*`.
///
/// Idempotent: making a volume again with the same parameters succeeds, deleting one that is not there too.
final class VolumeMethods {
    private static final int NAME_LENGTH_MAX = 255;
    private static final long MIB = 1 << 20;
    private static final long MIB_MAX = VolumeRules.SIZE_BYTES_MAX / MIB;
    private static final long U32_MAX = 0xffff_ffffL;
    private static final RpcParameter NEW_SIZE = integer("new_size", 1, MIB_MAX, "new size in MiB");

    private final VolumeRegistry volumes;
    private final LiveConfiguration configuration;

    VolumeMethods(VolumeRegistry volumes, LiveConfiguration configuration) {
        this.volumes = volumes;
        this.configuration = configuration;
    }

    /// The parameter that names a volume.
    static RpcParameter name(String parameter) {
        return new RpcParameter(
                parameter, RpcParameter.Type.STRING, true, 1, NAME_LENGTH_MAX, List.of(), "name of the volume");
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "bdev_null_create",
                "Make a volume that completes everything at once and keeps nothing",
                List.of(
                        name("name"),
                        blockSize().must(),
                        blocks().must(),
                        uuid("uuid", "second name"),
                        physicalBlockSize()),
                call -> create(
                        new VolumeSpec.Null(call.text("name"), uuidOf(call), blockSizeOf(call), blocksOf(call)))));
        dispatcher.register(RpcMethod.of(
                "bdev_malloc_create",
                "Make a volume in memory",
                List.of(
                        text("name", "name of the volume; MallocN if not given"),
                        blockSize().must(),
                        blocks().must(),
                        uuid("uuid", "second name"),
                        integer("optimal_io_boundary", 0, 0, "only 0"),
                        physicalBlockSize(),
                        integer("md_size", 0, 0, "only 0: there is no metadata"),
                        integer("dif_type", 0, 0, "only 0"),
                        integer("numa_id", -1, Integer.MAX_VALUE, "accepted; memory is where it is first used")),
                this::createMalloc));
        registerFile(dispatcher, Kind.URING);
        registerFile(dispatcher, Kind.AIO);
        for (final Kind kind : List.of(Kind.NULL, Kind.MALLOC, Kind.URING, Kind.AIO)) {
            registerDelete(dispatcher, kind);
            dispatcher.register(RpcMethod.of(
                    "bdev_" + kind.word() + "_resize",
                    "Make a volume larger, and tell its guests",
                    List.of(name("name"), NEW_SIZE.must()),
                    call -> resize(call, kind)));
        }
    }

    private void registerDelete(RpcDispatcher dispatcher, Kind kind) {
        dispatcher.register(RpcMethod.of(
                "bdev_" + kind.word() + "_delete",
                "Delete a volume; true too if there is none",
                List.of(name("name")),
                call -> delete(call, kind)));
    }

    private void registerFile(RpcDispatcher dispatcher, Kind kind) {
        final List<RpcParameter> parameters = new ArrayList<>(List.of(
                name("name"),
                text("filename", "absolute path of a file or block device").must(),
                integer("block_size", 512, 4096, "512 or 4096; the device's own if not given"),
                uuid("uuid", "second name"),
                flag("readonly", "refuse writes")));
        if (kind == Kind.AIO) {
            parameters.add(flag("fallocate", "accepted; discard is offered where the file can"));
            parameters.add(flag("nowait", "accepted; submission never waits"));
        }
        dispatcher.register(RpcMethod.of(
                "bdev_" + kind.word() + "_create",
                "Make a volume on a file or block device",
                parameters,
                call -> create(new VolumeSpec.File(
                        call.text("name"),
                        uuidOf(call),
                        kind,
                        path("filename", call.text("filename")).toString(),
                        call.has("block_size") ? blockSizeOf(call) : 0,
                        call.flag("readonly", false)))));
        dispatcher.register(RpcMethod.of(
                "bdev_" + kind.word() + "_rescan",
                "Look at a file's or device's size again, and tell the guests",
                List.of(name("name")),
                call -> rescan(call, kind)));
    }

    private static RpcParameter blockSize() {
        return integer("block_size", 512, 4096, "512 or 4096");
    }

    private static RpcParameter physicalBlockSize() {
        return integer("physical_block_size", 0, U32_MAX, "accepted; the logical block size is used");
    }

    private static RpcParameter blocks() {
        return integer("num_blocks", 1, VolumeRules.SIZE_BYTES_MAX / 512, "number of blocks");
    }

    private static int blockSizeOf(RpcCall call) {
        return VolumeRules.requireBlockSize((int) call.integer("block_size"));
    }

    private static long blocksOf(RpcCall call) {
        final long blocks = call.integer("num_blocks");
        final long most = VolumeRules.SIZE_BYTES_MAX / blockSizeOf(call);
        if (blocks > most) {
            throw RpcError.invalidParameter("num_blocks", "must be 1 to " + most + ", is " + blocks, "choose fewer");
        }
        return blocks;
    }

    private static UUID uuidOf(RpcCall call) {
        final UUID given = call.uuid("uuid");
        return given == null ? VolumeSpec.derivedUuid(call.text("name")) : given;
    }

    /// An absolute path without detours.
    ///
    /// @throws RpcError if the text is none
    static Path path(String parameter, String text) {
        try {
            final Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            throw RpcError.invalidParameter(parameter, "is no path: " + e.getReason(), "give an absolute path");
        }
        throw RpcError.invalidParameter(
                parameter, "'" + text + "' is not absolute", "begin it with '/': the gate has a directory of its own");
    }

    private JsonNode createMalloc(RpcCall call) {
        if (!call.has("name")) {
            int number = 0;
            while (volumes.find("Malloc" + number) != null) {
                number++;
            }
            call.parameters().put("name", "Malloc" + number);
        }
        return create(new VolumeSpec.Malloc(call.text("name"), uuidOf(call), blockSizeOf(call), blocksOf(call)));
    }

    private JsonNode create(VolumeSpec spec) {
        final VolumeEntry entry = volumes.create(spec);
        configuration.changed(LiveConfiguration.BDEV, entry.name());
        return Json.text(entry.name());
    }

    private JsonNode delete(RpcCall call, Kind kind) {
        final VolumeEntry entry = volumes.find(call.text("name"));
        volumes.delete(call.text("name"), kind);
        configuration.changed(LiveConfiguration.BDEV, entry == null ? call.text("name") : entry.name());
        return Json.truth(true);
    }

    private JsonNode resize(RpcCall call, Kind kind) {
        final VolumeEntry entry = volumes.require(call.text("name"), kind);
        volumes.resize(entry.name(), kind, call.integer("new_size") * MIB);
        configuration.changed(LiveConfiguration.BDEV, entry.name());
        return Json.truth(true);
    }

    private JsonNode rescan(RpcCall call, Kind kind) {
        final VolumeEntry entry = volumes.require(call.text("name"), kind);
        if (entry.volume() instanceof FileVolume file && file.rescan()) {
            volumes.resized(entry);
        }
        return Json.truth(true);
    }
}
