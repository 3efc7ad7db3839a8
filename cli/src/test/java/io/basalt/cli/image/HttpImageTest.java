package io.basalt.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.output.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpImageTest {
    private static final int LENGTH = 1 << 20;
    private static final long SEED = 21;

    @TempDir
    Path folder;

    private final byte[] content = new byte[LENGTH];
    private ImageServer server;

    @BeforeEach
    void serve() throws IOException {
        new Random(SEED).nextBytes(content);
        server = new ImageServer(content);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpImage open() throws IOException {
        return HttpImage.open(server.uri(), Duration.ofMillis(1));
    }

    private static Progress quiet() {
        return new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
    }

    @Test
    void readsAnImageInOnePiece() throws IOException {
        try (HttpImage image = open()) {
            assertThat(image.length()).isEqualTo(LENGTH);
            assertThat(image.readAllBytes()).isEqualTo(content);
        }
        assertThat(server.requests()).isEqualTo(1);
    }

    @Test
    void goesOnWhereTheConnectionWasLost() throws IOException {
        server.breakAfter(LENGTH / 3);
        try (HttpImage image = open()) {
            assertThat(image.readAllBytes()).isEqualTo(content);
        }
        assertThat(server.requests()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void refusesTheRestOfAnotherImage() throws IOException {
        server.breakAfter(LENGTH / 3);
        try (HttpImage image = open()) {
            server.tag("\"two\"");

            assertThatThrownBy(image::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not give the rest of the same image");
        }
    }

    @Test
    void refusesToGoOnIfNobodyKnowsOfWhatVersion() throws IOException {
        server.breakAfter(LENGTH / 3);
        server.tag("");
        try (HttpImage image = open()) {
            assertThatThrownBy(image::readAllBytes).hasMessageContaining("the rest of the same image");
        }
    }

    @Test
    void givesUpWhenNothingComesSeveralTimesInARow() throws IOException {
        server.breakAfter(LENGTH / 2);
        try (HttpImage image = open()) {
            assertThat(image.readNBytes(LENGTH / 2)).hasSize(LENGTH / 2);
            server.breakAfter(0);

            assertThatThrownBy(image::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("lost at byte " + LENGTH / 2 + ", 5 times in a row");
        }
    }

    @Test
    void saysWhatTheServerAnswered() {
        final URI other = server.uri().resolve("/other");

        assertThatThrownBy(() -> HttpImage.open(other, Duration.ofMillis(1)))
                .isInstanceOf(IOException.class)
                .hasMessage(other + " is answered with status 404");
    }

    @Test
    void aDownloadGoesOnWhereAnEarlierRunWasInterrupted() throws IOException {
        final Download first = new Download(server.uri(), folder);
        server.breakAfter(LENGTH / 4);
        try (HttpImage image = open()) {
            server.tag("\"gone\"");
            assertThatThrownBy(() -> first.fetch(image, quiet())).isInstanceOf(IOException.class);
        }
        server.tag("\"one\"");
        server.breakAfter(Integer.MAX_VALUE);

        final Download second = new Download(server.uri(), folder);
        try (HttpImage image = open()) {
            final Path fetched = second.fetch(image, quiet());

            assertThat(image.startedAt()).isEqualTo(LENGTH / 4);
            assertThat(Files.readAllBytes(fetched)).isEqualTo(content);
        }
        second.discard();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aDownloadBeginsAnewIfTheImageHasChanged() throws IOException {
        final Download download = new Download(server.uri(), folder);
        server.breakAfter(LENGTH / 4);
        try (HttpImage image = open()) {
            server.tag("\"two\"");
            assertThatThrownBy(() -> download.fetch(image, quiet())).isInstanceOf(IOException.class);
        }
        server.breakAfter(Integer.MAX_VALUE);
        final byte[] other = new byte[LENGTH / 2];
        server.image(other);

        try (HttpImage image = open()) {
            assertThat(Files.readAllBytes(download.fetch(image, quiet()))).isEqualTo(other);
            assertThat(image.startedAt()).isZero();
        }
    }
}
