package io.basalt.cli.serve;

import io.basalt.cli.config.Configuration;
import io.basalt.net.ClusterKey;
import io.basalt.net.tcp.ClusterKeyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The cluster's secret, by the settings.
public final class ClusterKeys {
    private ClusterKeys() {}

    /// Where it is.
    public static Path file(Configuration settings) {
        return settings.path("cluster_key_file", "cluster.key");
    }

    /// The secret, which must be there.
    ///
    /// @throws io.basalt.net.NetException saying what is missing and what to do
    public static ClusterKey read(Configuration settings) {
        return ClusterKeyFile.read(file(settings));
    }

    /// The secret, which is drawn if there is none: whoever begins a cluster may.
    public static ClusterKey readOrCreate(Configuration settings) {
        final Path file = file(settings);
        if (Files.exists(file)) {
            return ClusterKeyFile.read(file);
        }
        final Path folder = file.getParent();
        try {
            if (folder != null) {
                Files.createDirectories(folder);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + " cannot be made: " + failure.getMessage(), failure);
        }
        return ClusterKeyFile.create(file);
    }
}
