package io.basalt.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("basalt.toml"), text);
    }

    @Test
    void optionsOverruleTheEnvironmentWhichOverrulesTheFile() throws IOException {
        final Path file = file("""
            data = "/srv/file"
            [meta]
            listen = "127.0.0.1:1"
            pg_count = 64
            copies = 2
            """);

        final Configuration settings = Configuration.load(
                file,
                Map.of("BASALT_META_LISTEN", "127.0.0.1:2", "BASALT_META_PG_COUNT", "128"),
                Map.of("meta.listen", "127.0.0.1:3"));

        assertThat(settings.value("meta.listen")).isEqualTo(new Value(List.of("127.0.0.1:3"), "option"));
        assertThat(settings.value("meta.pg_count")).isEqualTo(new Value(List.of("128"), "BASALT_META_PG_COUNT"));
        assertThat(settings.value("meta.copies")).isEqualTo(new Value(List.of("2"), file + ":5"));
        assertThat(settings.value("data").origin()).isEqualTo(file + ":1");
        assertThat(settings.value("meta.failure_domain")).isEqualTo(new Value(List.of("host"), "default"));
    }

    @Test
    void knowsEachChunkServerByItsTable() throws IOException {
        final Path file = file("""
            [chunk.a]
            listen = "127.0.0.1:7710"
            devices = ["/dev/one", "/dev/two"]
            [chunk.b]
            listen = "127.0.0.1:7720"
            """);

        final Configuration settings = Configuration.load(
                file, Map.of("BASALT_CHUNK_B_LISTEN", "127.0.0.1:9"), Map.of("chunk.c.devices", "x,y"));

        assertThat(settings.chunkServers()).containsExactly("a", "b", "c");
        assertThat(settings.texts("chunk.a.devices")).containsExactly("/dev/one", "/dev/two");
        assertThat(settings.text("chunk.b.listen")).isEqualTo("127.0.0.1:9");
        assertThat(settings.texts("chunk.c.devices")).containsExactly("x", "y");
        assertThat(settings.hasTable("chunk.a")).isTrue();
        assertThat(settings.hasTable("gate")).isFalse();
    }

    @Test
    void theEnvironmentNamesTheFile() throws IOException {
        final Path file = file("data = \"/srv/x\"\n");

        final Configuration settings = Configuration.load(null, Map.of("BASALT_CONFIG", file.toString()), Map.of());

        assertThat(settings.file()).isEqualTo(file);
        assertThat(settings.data()).isEqualTo(Path.of("/srv/x"));
        assertThat(settings.path("meta.data", "meta")).isEqualTo(Path.of("/srv/x/meta"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dtaa = 'x'                          | 1 | dtaa is not known; did you mean 'data'?",
                "[meta]~lisen = '127.0.0.1:1'        | 2 | meta.lisen is not known; did you mean 'meta.listen'?",
                "[metaa]~listen = '127.0.0.1:1'      | 1 | did you mean 'meta'?",
                "[meta]~listen = '7700'              | 2 | meta.listen: '7700' is not possible; write for instance",
                "[meta]~~copies = 9                  | 3 | meta.copies: '9' is not possible; write a number",
                "[meta]~copies = [1, 2]              | 2 | meta.copies is a list; write one value",
                "[meta]~out_after = '10 min'         | 2 | meta.out_after: '10 min' is not possible; write a time from",
                "[meta]~timeout = '1ms'              | 2 | meta.timeout: '1ms' is not possible; write a time",
                "[gate]~idle = 'lazy'                | 2 | gate.idle: 'lazy' is not possible; write one of adaptive",
                "[chunk.a]~device = ['/x']           | 2 | did you mean 'chunk.a.devices'?",
                "[chunk.a]~device_size = '10X'       | 2 | chunk.a.device_size: '10X' is not possible",
                "[meta~listen = 'x'                  | 1 | is not TOML",
                "data = ''                           | 1 | data: '' is not possible",
            })
    void namesFileLineAndFieldOfWhatIsWrong(String text, int line, String said) throws IOException {
        final Path file = file(text.replace('~', '\n').replace('\'', '"'));

        assertThatThrownBy(() -> Configuration.load(file, Map.of(), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(file + ":" + line + ": ")
                .hasMessageContaining(said);
    }

    @Test
    void namesTheVariableOrOptionThatIsWrong() {
        assertThatThrownBy(() -> Configuration.load(null, Map.of("BASALT_META_COPIES", "many"), Map.of()))
                .hasMessage("BASALT_META_COPIES: meta.copies: 'many' is not possible; write a number from 1 to 8");
        assertThatThrownBy(() -> Configuration.load(null, Map.of(), Map.of("meta.copie", "3")))
                .hasMessage("-c meta.copie: is not known; did you mean 'meta.copies'?");
        assertThatThrownBy(() -> Configuration.load(folder.resolve("none"), Map.of(), Map.of()))
                .hasMessageContaining("there is no such file");
    }

    @Test
    void theExampleIsAccepted() {
        final Configuration settings =
                Configuration.load(Path.of("..", "packaging", "basalt.toml"), Map.of(), Map.of());

        assertThat(settings.hasTable("meta")).isTrue();
        assertThat(settings.hasTable("gate")).isTrue();
        assertThat(settings.chunkServers()).isNotEmpty();
    }

    @Test
    void showsWhoSetWhat() throws IOException {
        final Path file = file("[meta]\ncopies = 2\n");

        final CommandRun run =
                CommandRun.of("config", "show", "--origin", "--config", file.toString(), "-c", "data=/srv/y");

        assertThat(run.out())
                .containsPattern("data +/srv/y +option\n")
                .containsPattern("meta.copies +2 +" + file + ":2\n")
                .containsPattern("meta.pg_count +256 +default\n");
        assertThat(CommandRun.of("config", "show", "--config", file.toString(), "-c", "a.b=1")
                        .code())
                .isEqualTo(2);
    }
}
