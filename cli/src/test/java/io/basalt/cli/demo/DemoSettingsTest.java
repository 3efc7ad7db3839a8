package io.basalt.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.config.Configuration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoSettingsTest {
    @TempDir
    Path folder;

    @Test
    void writesSettingsOfAClusterThatServeUnderstands() throws IOException {
        DemoSettings.write(folder);

        final Configuration settings = DemoSettings.load(folder);

        assertThat(settings.hasTable("meta")).isTrue();
        assertThat(settings.hasTable("gate")).isTrue();
        assertThat(settings.chunkServers()).containsExactly("1", "2", "3");
        assertThat(settings.data()).isEqualTo(folder);
        assertThat(settings.text("metaservers")).isEqualTo(settings.text("meta.nodes_listen"));
        final Set<String> hosts = new HashSet<>();
        final Set<String> addresses = new HashSet<>();
        for (final String server : settings.chunkServers()) {
            hosts.add(settings.text("chunk." + server + ".host"));
            addresses.add(settings.text("chunk." + server + ".listen"));
        }
        assertThat(hosts).as("three copies need three hosts").hasSize(3);
        assertThat(addresses).hasSize(3);
    }

    @Test
    void takesOtherPortsWhenTheUsualAreTaken() throws IOException {
        try (ServerSocket _ = taken()) {
            assertThat(DemoSettings.write(folder)).isFalse();
        }

        assertThat(DemoSettings.load(folder).text("meta.listen")).isNotEqualTo("127.0.0.1:7700");
    }

    /// The port of the REST API, taken by this test or by somebody else.
    private static ServerSocket taken() throws IOException {
        try {
            return new ServerSocket(7700, 1, InetAddress.getLoopbackAddress());
        } catch (IOException already) {
            return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        }
    }
}
