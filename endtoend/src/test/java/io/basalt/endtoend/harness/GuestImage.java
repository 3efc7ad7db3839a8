package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// The kernel and the initramfs that every test guest boots, built by `endtoend/guest/build.sh` unless its cache
/// holds them already.
public record GuestImage(Path kernel, Path initramfs) {
    private static final int BUILD_BOUND_S = 900;

    /// Builds the image or finds it in the cache.
    ///
    /// @throws IOException with the script's words when it fails
    public static GuestImage prepare() throws IOException, InterruptedException {
        final Path script = Repository.root().resolve("endtoend/guest/build.sh");
        final Path errors = Files.createTempFile("basalt-guest-image", ".log");
        try {
            final ProcessBuilder builder = new ProcessBuilder("bash", script.toString()).redirectError(errors.toFile());
            builder.environment().put("JAVA", Repository.java().toString());
            final Process process = builder.start();
            final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(BUILD_BOUND_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(script + " failed:\n" + Files.readString(errors));
            }
            final Path folder = Path.of(printed.strip());
            return new GuestImage(folder.resolve("vmlinux"), folder.resolve("initramfs.cpio"));
        } finally {
            Files.delete(errors);
        }
    }
}
