package io.basalt.endtoend.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;

/// Reads a daemon's figures where Prometheus does.
final class MetricsClient {
    private static final int LIMIT_MS = 10_000;

    private final URI page;

    /// @param port of the loopback interface
    MetricsClient(int port) {
        page = URI.create("http://127.0.0.1:" + port + "/metrics");
    }

    /// The sum of a metric over all devices.
    ///
    /// @param name of the metric
    /// @param label that must stand in its labels; empty for any
    /// @throws IOException if nobody answers, or there is no such metric
    long sum(String name, String label) throws IOException {
        double sum = 0;
        boolean found = false;
        for (final String line : read().split("\n", -1)) {
            final boolean named = line.startsWith(name + "{") || line.startsWith(name + " ");
            if (named && line.contains(label)) {
                sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
                found = true;
            }
        }
        if (!found) {
            throw new IOException(page + " has no " + name + " with " + label);
        }
        return Math.round(sum);
    }

    private String read() throws IOException {
        final URLConnection connection = page.toURL().openConnection();
        connection.setConnectTimeout(LIMIT_MS);
        connection.setReadTimeout(LIMIT_MS);
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
