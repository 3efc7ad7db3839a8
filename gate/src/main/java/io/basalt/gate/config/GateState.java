package io.basalt.gate.config;

import io.basalt.gate.rpc.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The file that a gate's configuration outlives it in: the calls that bring it back, in order.
///
/// ```
/// {
///   "format": "basalt-gate-state",
///   "version": 1,
///   "subsystems": [ { "subsystem": "bdev", "config": [ { "method": ..., "params": {...} }, ... ] }, ... ]
/// }
/// ```
///
/// It is replaced as a whole: written beside itself, made durable, renamed over the old one, and the rename made
/// durable. Whenever the process or the machine dies, the file is the old or the new one. A file that cannot be
/// read is an error for the operator and is left as it is: a state that has not loaded it does not write.
///
/// One owner, the control reactor, which waits for the disk here.
public final class GateState {
    /// The file's name in the data directory.
    public static final String FILE_NAME = "gate.json";
    /// The version written, and the newest read.
    public static final int VERSION = 1;

    private static final String FORMAT = "basalt-gate-state";
    private static final long BYTES_MAX = 64L << 20;

    private final Path file;
    private final Path temporary;
    private final Runnable beforeRename;
    private boolean loaded;

    /// The state of a data directory, which exists.
    public GateState(Path dataDirectory) {
        this(dataDirectory, () -> {});
    }

    /// @param beforeRename runs when the new file is durable and not in place yet
    GateState(Path dataDirectory, Runnable beforeRename) {
        file = dataDirectory.resolve(FILE_NAME);
        temporary = dataDirectory.resolve(FILE_NAME + ".new");
        this.beforeRename = beforeRename;
    }

    /// The file.
    public Path file() {
        return file;
    }

    /// Read the file.
    ///
    /// @return its calls, in order; none if there is no file
    /// @throws GateStateException if it cannot be read, and from now on nothing is written
    public List<ConfigEntry> load() {
        loaded = false;
        final List<ConfigEntry> entries =
                Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? entries(parse(read())) : List.of();
        loaded = true;
        return entries;
    }

    private byte[] read() {
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw broken("is longer than " + BYTES_MAX + " bytes", null);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw broken("cannot be read: " + e, e);
        }
    }

    private JsonNode parse(byte[] bytes) {
        try {
            return Json.parse(bytes);
        } catch (JacksonException e) {
            throw broken(
                    "line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ": " + e.getOriginalMessage(),
                    e);
        }
    }

    private List<ConfigEntry> entries(JsonNode root) {
        if (!FORMAT.equals(root.path("format").stringValue(""))) {
            throw broken("line 1: member \"format\" must be \"" + FORMAT + "\"", null);
        }
        final int version = root.path("version").intValue(0);
        if (version < 1 || version > VERSION) {
            throw broken("line 1: version " + version + " is not known, 1 to " + VERSION + " are", null);
        }
        try {
            return entriesOf(root);
        } catch (IllegalArgumentException e) {
            throw broken(String.valueOf(e.getMessage()), e);
        }
    }

    private GateStateException broken(String what, @Nullable Throwable cause) {
        final String message = "state file " + file + ": " + what + ". It has not been changed. Repair it, put back a "
                + "copy, or move it away to start with no volumes and controllers";
        return cause == null ? new GateStateException(message) : new GateStateException(message, cause);
    }

    /// The calls in a configuration, in order.
    ///
    /// @param configuration an object with SPDK's `subsystems`
    /// @throws IllegalArgumentException naming the member that is not as it must be
    public static List<ConfigEntry> entriesOf(JsonNode configuration) {
        final List<ConfigEntry> entries = new ArrayList<>();
        final JsonNode subsystems = require(configuration.path("subsystems"), "subsystems", JsonNode::isArray, "array");
        for (int index = 0; index < subsystems.size(); index++) {
            final String at = "subsystems[" + index + "]";
            final JsonNode subsystem = require(subsystems.get(index), at, JsonNode::isObject, "object");
            final String name = require(subsystem.path("subsystem"), at + ".subsystem", JsonNode::isString, "string")
                    .stringValue();
            final JsonNode config = subsystem.path("config");
            if (config.isMissingNode() || config.isNull()) {
                continue;
            }
            require(config, at + ".config", JsonNode::isArray, "array");
            for (int call = 0; call < config.size(); call++) {
                entries.add(entry(name, config.get(call), at + ".config[" + call + "]"));
            }
        }
        return entries;
    }

    private static ConfigEntry entry(String subsystem, JsonNode call, String at) {
        final String method = require(call.path("method"), at + ".method", JsonNode::isString, "string")
                .stringValue();
        final JsonNode given = call.path("params");
        if (given.isMissingNode() || given.isNull()) {
            return new ConfigEntry(subsystem, method, Json.object());
        }
        require(given, at + ".params", JsonNode::isObject, "object");
        return new ConfigEntry(subsystem, method, (ObjectNode) given);
    }

    private static JsonNode require(JsonNode value, String at, Predicate<JsonNode> is, String expected) {
        if (!is.test(value)) {
            throw new IllegalArgumentException(at + " must be an " + expected);
        }
        return value;
    }

    /// The calls as a configuration: an object with SPDK's `subsystems`, in the order of their first call.
    public static ObjectNode configurationOf(List<ConfigEntry> entries) {
        final ObjectNode configuration = Json.object();
        final ArrayNode subsystems = configuration.putArray("subsystems");
        final Map<String, ArrayNode> bySubsystem = new LinkedHashMap<>();
        for (final ConfigEntry entry : entries) {
            final ArrayNode config = bySubsystem.computeIfAbsent(
                    entry.subsystem(),
                    name -> subsystems.addObject().put("subsystem", name).putArray("config"));
            config.addObject().put("method", entry.method()).set("params", entry.parameters());
        }
        return configuration;
    }

    /// Replace the file's content, durably.
    ///
    /// @throws GateStateException if it cannot be written; the old content stands
    /// @throws IllegalStateException if the file was not loaded before
    public void save(List<ConfigEntry> entries) {
        if (!loaded) {
            throw new IllegalStateException(file + " was not loaded, so it is not written");
        }
        final ObjectNode root = Json.object();
        root.put("format", FORMAT).put("version", VERSION);
        root.setAll(configurationOf(entries));
        final byte[] bytes = Json.pretty(root).getBytes(StandardCharsets.UTF_8);
        try {
            write(bytes);
            beforeRename.run();
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory();
        } catch (IOException e) {
            throw new GateStateException(
                    "state file " + file + " cannot be written: " + e + ". Free space or correct its directory's "
                            + "permissions, then repeat the call",
                    e);
        }
    }

    private void write(byte[] bytes) throws IOException {
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            final ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    private void syncDirectory() throws IOException {
        final Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
                directory.force(true);
            }
        }
    }
}
