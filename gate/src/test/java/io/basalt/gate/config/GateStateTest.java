package io.basalt.gate.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.rpc.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateStateTest {
    private static final List<ConfigEntry> ENTRIES = List.of(
            new ConfigEntry("bdev", "bdev_null_create", Json.object().put("name", "Näme")),
            new ConfigEntry("bdev", "bdev_null_create", Json.object().put("name", "N2")),
            new ConfigEntry(
                    "vhost_blk", "vhost_create_blk_controller", Json.object().put("ctrlr", "v")));

    @TempDir
    private Path directory;

    private GateState loaded() {
        final GateState state = new GateState(directory);
        state.load();
        return state;
    }

    @Test
    void loadsNothingWhereNoFileIs() {
        assertThat(new GateState(directory).load()).isEmpty();
    }

    @Test
    void loadsWhatItSavedForTheOwnerOnly() throws IOException {
        final GateState state = loaded();
        state.save(ENTRIES);
        assertThat(new GateState(directory).load()).isEqualTo(ENTRIES);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.file())))
                .isEqualTo("rw-------");
        state.save(List.of());
        assertThat(new GateState(directory).load()).isEmpty();
        assertThat(directory.resolve("gate.json.new")).doesNotExist();
    }

    @Test
    void aCrashBeforeTheRenameLeavesTheOldFileAndTheNextSaveSucceeds() {
        loaded().save(ENTRIES);
        final GateState crashing = new GateState(directory, () -> {
            throw new IllegalStateException("power cut");
        });
        crashing.load();
        assertThatThrownBy(() -> crashing.save(List.of())).hasMessage("power cut");
        assertThat(directory.resolve("gate.json.new")).exists();
        final GateState next = new GateState(directory);
        assertThat(next.load()).isEqualTo(ENTRIES);
        next.save(ENTRIES.subList(0, 1));
        assertThat(new GateState(directory).load()).isEqualTo(ENTRIES.subList(0, 1));
    }

    @Test
    void aTornNewFileIsIgnored() throws IOException {
        loaded().save(ENTRIES);
        Files.writeString(directory.resolve("gate.json.new"), "{\"format\": \"basalt-ga");
        assertThat(new GateState(directory).load()).isEqualTo(ENTRIES);
    }

    @Test
    void namesThePlaceInABrokenFile() throws IOException {
        assertBroken("", "\"format\" must be");
        assertBroken("{", "line 1");
        assertBroken("{\n\"format\": \"basalt-gate-state\",\n\"version\" 1}", "line 3");
        assertBroken("[]", "\"format\" must be \"basalt-gate-state\"");
        assertBroken("{\"format\":\"basalt-gate-state\"}", "version 0 is not known");
        assertBroken("{\"format\":\"basalt-gate-state\",\"version\":\"1\"}", "version");
        assertBroken("{\"format\":\"basalt-gate-state\",\"version\":2,\"subsystems\":[]}", "version 2 is not known");
        assertBroken("{\"format\":\"basalt-gate-state\",\"version\":1}", "subsystems must be an array");
        assertBroken(
                "{\"format\":\"basalt-gate-state\",\"version\":1,\"subsystems\":"
                        + "[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"m\",\"params\":[]}]}]}",
                "subsystems[0].config[0].params must be an object");
        assertBroken("\u0000\u0001", "line 1");
    }

    private void assertBroken(String content, String message) throws IOException {
        final GateState state = new GateState(directory);
        Files.writeString(state.file(), content);
        assertThatThrownBy(state::load)
                .as(content)
                .isInstanceOf(GateStateException.class)
                .hasMessageContaining(state.file().toString())
                .hasMessageContaining(message)
                .hasMessageContaining("It has not been changed");
        assertThatThrownBy(() -> state.save(ENTRIES)).isInstanceOf(IllegalStateException.class);
        assertThat(Files.readString(state.file())).isEqualTo(content);
    }

    @Test
    void saysWhyItCannotBeWritten() {
        final GateState state = new GateState(directory.resolve("missing"));
        state.load();
        assertThatThrownBy(() -> state.save(ENTRIES))
                .isInstanceOf(GateStateException.class)
                .hasMessageContaining("cannot be written");
    }
}
