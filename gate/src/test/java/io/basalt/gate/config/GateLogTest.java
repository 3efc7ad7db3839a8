package io.basalt.gate.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class GateLogTest {
    private final ByteArrayOutputStream target = new ByteArrayOutputStream();
    private final Logger root = Logger.getLogger("io.basalt.gate.config.GateLogTest");
    private final GateLog log = GateLog.install(root, target, LogLevel.NOTICE);

    private String written() {
        final String text = target.toString(StandardCharsets.UTF_8);
        target.reset();
        return text;
    }

    @Test
    void writesOneLineOfKeysAndValuesPerEvent() {
        root.setUseParentHandlers(false);
        root.log(Level.WARNING, "disk \"a\"\nis\u0007 full", new IllegalStateException("no space"));
        final String line = written();
        assertThat(line).containsOnlyOnce("\n").endsWith("\n");
        assertThat(line)
                .matches("(?s)time=\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z level=WARNING thread=.* logger=GateLogTest .*")
                .contains("message=\"disk \\\"a\\\"\\nis\\u0007 full\"")
                .contains("thrown=\"java.lang.IllegalStateException: no space\\n");
        root.info("plain");
        assertThat(written()).endsWith(" message=plain\n");
    }

    @Test
    void changesItsLevelWhileItRuns() {
        root.setUseParentHandlers(false);
        root.fine("hidden");
        assertThat(written()).isEmpty();
        log.level(LogLevel.INFO);
        root.fine("shown");
        root.finer("hidden");
        assertThat(written()).contains("level=INFO").contains("shown").doesNotContain("hidden");
        log.level(LogLevel.ERROR);
        root.warning("hidden");
        root.severe("shown");
        assertThat(written()).contains("level=ERROR").doesNotContain("hidden");
    }

    @Test
    void knowsItsWordsInAnyCase() {
        assertThat(LogLevel.of("notice")).isEqualTo(LogLevel.NOTICE);
        assertThat(LogLevel.of("loud")).isNull();
        assertThat(LogLevel.words()).containsExactly("ERROR", "WARNING", "NOTICE", "INFO", "DEBUG");
    }
}
