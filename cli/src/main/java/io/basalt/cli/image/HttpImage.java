package io.basalt.cli.image;

import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An image on an HTTP or HTTPS server, read from front to back; when the connection is lost, from where
/// it was lost.
///
/// The server has to name the version that it gives ([RFC 9110 section
/// 8.8.3](https://www.rfc-editor.org/rfc/rfc9110), `ETag`), or the time of its last change; else a lost
/// connection is the end, for nobody knows whether the rest is of the same image.
///
/// One thread.
final class HttpImage extends InputStream {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final int TRIES = 5;
    private static final int OK = 200;
    private static final int PARTIAL_CONTENT = 206;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(?:\\d+|\\*)");

    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(CONNECT_LIMIT)
            .proxy(ProxySelector.getDefault())
            .build();
    private final URI uri;
    private final Duration pause;
    private final long length;
    private final String version;
    private InputStream body;
    private long startedAt;
    private long at;

    private HttpImage(URI uri, Duration pause) throws IOException {
        this.uri = uri;
        this.pause = pause;
        final HttpResponse<InputStream> answer = ask(HttpRequest.newBuilder(uri));
        if (answer.statusCode() != OK) {
            answer.body().close();
            throw new IOException(uri + " is answered with status " + answer.statusCode());
        }
        body = answer.body();
        length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        version = versionOf(answer);
    }

    /// Whether an image is named by its URL.
    static boolean isUrl(String place) {
        final String start = place.toLowerCase(Locale.ROOT);
        return start.startsWith("http://") || start.startsWith("https://");
    }

    /// Begin to read.
    ///
    /// @param pause between a lost connection and the next try; the tries after that wait two, three...
    ///     times as long
    /// @throws IOException if the server does not answer with the image
    static HttpImage open(URI uri, Duration pause) throws IOException {
        return new HttpImage(uri, pause);
    }

    /// Bytes of the image; negative if the server does not say.
    long length() {
        return length;
    }

    /// What the server calls the version it gives: a strong `ETag` or a date. Empty if it says neither.
    String version() {
        return version;
    }

    /// Go on at another byte, before anything was read.
    ///
    /// @return whether that was possible; if not, the next byte is the first as before
    boolean startAt(long offset) throws IOException {
        assert at == 0 : "nothing is read";
        final Optional<InputStream> rest = reopen(offset);
        if (rest.isEmpty()) {
            return false;
        }
        body.close();
        body = rest.get();
        at = offset;
        startedAt = offset;
        return true;
    }

    /// The byte that was the first to be read.
    long startedAt() {
        return startedAt;
    }

    private static String versionOf(HttpResponse<InputStream> answer) {
        final String tag = answer.headers().firstValue("ETag").orElse("W/");
        return tag.startsWith("W/")
                ? answer.headers().firstValue("Last-Modified").orElse("")
                : tag;
    }

    @Override
    public int read() throws IOException {
        final byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        for (int tries = 0; ; tries++) {
            try {
                final int read = body.read(bytes, offset, count);
                if (read >= 0 || length < 0 || at == length) {
                    at += Math.max(read, 0);
                    return read;
                }
                throw new IOException("the connection ended");
            } catch (IOException lost) {
                recover(lost, tries);
            }
        }
    }

    /// Have a new body that goes on where the last one ended, if this was not one try too many.
    private void recover(IOException lost, int tries) throws IOException {
        if (tries == TRIES) {
            throw new IOException(uri + ": lost at byte " + at + ", " + TRIES + " times in a row", lost);
        }
        body.close();
        try {
            Thread.sleep(pause.multipliedBy(tries + 1));
            body = reopen(at)
                    .orElseThrow(() -> new ImageChanged(
                            uri + ": lost at byte " + at + ", and the server does not give the rest of the same image",
                            lost));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw lost;
        } catch (ImageChanged changed) {
            throw changed;
        } catch (IOException again) {
            // The old body is closed: reading it leads back here, and to the next try.
            lost.addSuppressed(again);
        }
    }

    /// The rest is not to be had.
    private static final class ImageChanged extends IOException {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        ImageChanged(String message, IOException cause) {
            super(message, cause);
        }
    }

    /// Ask for the bytes from one on, of the same version. Empty if the server gives something else.
    private Optional<InputStream> reopen(long offset) throws IOException {
        if (version.isEmpty()) {
            return Optional.empty();
        }
        final HttpResponse<InputStream> answer = ask(HttpRequest.newBuilder(uri)
                .header("Range", "bytes=" + offset + "-")
                .header("If-Range", version));
        final Matcher range = CONTENT_RANGE.matcher(
                answer.headers().firstValue("Content-Range").orElse(""));
        if (answer.statusCode() == PARTIAL_CONTENT
                && range.matches()
                && Long.parseLong(range.group(1)) == offset
                && versionOf(answer).equals(version)) {
            return Optional.of(answer.body());
        }
        answer.body().close();
        if (answer.statusCode() / 100 == 5) {
            throw new IOException("status " + answer.statusCode());
        }
        return Optional.empty();
    }

    private HttpResponse<InputStream> ask(HttpRequest.Builder request) throws IOException {
        try {
            return client.send(request.build(), BodyHandlers.ofInputStream());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking for " + uri, interrupted);
        }
    }

    @Override
    public void close() throws IOException {
        try (client) {
            body.close();
            client.shutdownNow();
        }
    }
}
