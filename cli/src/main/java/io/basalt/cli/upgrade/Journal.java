package io.basalt.cli.upgrade;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The file in which an upgrade keeps how far it is, so that it goes on where it was interrupted. Written before each
/// step; gone when the upgrade is over.
///
/// ```
/// {"version": 1, "steps": [{"kind": "CHUNK", "name": "chunk-1", "state": "WAITING", "beforeMs": 1700000000000}]}
/// ```
final class Journal {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int VERSION = 1;

    private final Path file;

    Journal(Path file) {
        this.file = file;
    }

    /// Whether an upgrade was begun and not ended.
    boolean exists() {
        return Files.exists(file);
    }

    /// Where it is.
    Path file() {
        return file;
    }

    /// @throws CommandException if it cannot be read
    List<Step> load() {
        final List<Step> steps = new ArrayList<>();
        try {
            final JsonNode root = MAPPER.readTree(Files.readString(file, StandardCharsets.UTF_8));
            if (root.path("version").intValue(0) != VERSION) {
                throw unusable("has version " + root.path("version").asString("none") + ", expected " + VERSION);
            }
            for (final JsonNode each : root.path("steps")) {
                steps.add(new Step(
                        Member.Kind.valueOf(each.path("kind").stringValue("")),
                        each.path("name").stringValue(""),
                        StepState.valueOf(each.path("state").stringValue("")),
                        each.path("beforeMs").longValue(0)));
            }
        } catch (IOException | JacksonException | IllegalArgumentException e) {
            throw unusable("cannot be read: " + e.getMessage());
        }
        return steps;
    }

    /// @throws CommandException if it cannot be written
    void save(List<Step> steps) {
        final ObjectNode root = MAPPER.createObjectNode().put("version", VERSION);
        final ArrayNode all = root.putArray("steps");
        for (final Step step : steps) {
            all.addObject()
                    .put("kind", step.kind().name())
                    .put("name", step.name())
                    .put("state", step.state().name())
                    .put("beforeMs", step.beforeMs());
        }
        try {
            final Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            final Path unfinished = file.resolveSibling(file.getFileName() + ".new");
            Files.writeString(
                    unfinished, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "upgrade journal " + file + ": cannot be written: " + e,
                    "name another: --journal");
        }
    }

    /// The upgrade is over.
    void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw unusable("cannot be deleted: " + e);
        }
    }

    private CommandException unusable(String what) {
        return new CommandException(
                ExitCode.FAILED,
                "upgrade journal " + file + ": " + what,
                "move it away to begin anew; what was restarted is restarted again then");
    }
}
