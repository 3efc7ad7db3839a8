package io.basalt.cli.cluster;

import io.basalt.cli.Seconds;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.rest.RestClient;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that say which metaserver is asked, and as whom.
public final class ClusterOptions {
    private static final String TOKEN_VARIABLE = "BASALT_TOKEN";

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(names = "--url", paramLabel = "URL", description = "REST API (default: setting client.url).")
    private String url = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "Token (default: BASALT_TOKEN, setting client.token_file, or the metaserver's own file).")
    private String tokenFile = "";

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "Longest wait for an answer (default: ${DEFAULT-VALUE}).")
    private Seconds timeout = new Seconds(0);

    private record Token(String text, String source) {}

    /// The settings.
    public Configuration configuration() {
        return config.load(Map.of("client.url", url, "client.token_file", tokenFile));
    }

    /// A client; nothing is sent yet.
    public RestClient connect() {
        final Configuration settings = configuration();
        final Token token = token(settings);
        return new RestClient(
                urls(settings).stream().map(URI::create).toList(),
                token.text(),
                token.source(),
                Duration.ofNanos(timeout.ns()));
    }

    /// Where the REST API is, by the settings; the first place of several.
    public static String url(Configuration settings) {
        return urls(settings).getFirst();
    }

    /// Where the REST API may be, by the settings.
    static List<String> urls(Configuration settings) {
        final List<String> named = settings.texts("client.url");
        return named.isEmpty() ? List.of("http://" + settings.text("meta.listen")) : named;
    }

    /// Where the token of commands is, by the settings.
    public static Path tokenFile(Configuration settings) {
        final String named = settings.text("client.token_file");
        return named.isEmpty()
                ? settings.path("meta.data", "meta").resolve("token")
                : Path.of(named).toAbsolutePath();
    }

    private Token token(Configuration settings) {
        final @Nullable String variable = System.getenv(TOKEN_VARIABLE);
        if (tokenFile.isEmpty() && variable != null && !variable.isBlank()) {
            return new Token(variable.strip(), TOKEN_VARIABLE);
        }
        final Path file = tokenFile(settings);
        try {
            return new Token(Files.readString(file, StandardCharsets.US_ASCII).strip(), file.toString());
        } catch (IOException unreadable) {
            if (!tokenFile.isEmpty()) {
                throw new IllegalArgumentException("--token-file: " + file + " cannot be read: " + unreadable);
            }
            // Said when the metaserver asks for one.
            return new Token("", file + (Files.exists(file) ? ", which this user may not read" : ", which is missing"));
        }
    }
}
