package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.rpc.RpcError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The cluster's volumes through the RPC, with a metaserver over a simulated network.
class BasaltMethodsTest {
    @TempDir
    private Path directory;

    @Test
    void creatingAttachesAndIsIdempotent() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            final String parameters = "{'name':'disk','volume':'vm1','io_timeout_ms':5000}";
            assertThat(gate.call("bdev_basalt_create", parameters).stringValue())
                    .isEqualTo("disk");
            assertThat(gate.call("bdev_basalt_create", parameters).stringValue())
                    .isEqualTo("disk");
            assertThat(gate.meta.generation).isEqualTo(1);
            final JsonNode bdev = gate.call("bdev_get_bdevs", "{'name':'disk'}").path(0);
            assertThat(bdev.path("num_blocks").longValue()).isEqualTo(2048);
            assertThat(bdev.path("block_size").intValue()).isEqualTo(4096);
            final JsonNode driver = gate.driver("disk");
            assertThat(driver.path("state").stringValue()).isEqualTo("ATTACHED");
            assertThat(driver.path("generation").intValue()).isEqualTo(1);
            assertThat(driver.path("io_timeout_ms").intValue()).isEqualTo(5000);
            assertThat(driver.path("parts").path(0).path("part_id").intValue()).isEqualTo(101);
            gate.until(() -> gate.driver("disk")
                            .path("parts")
                            .path(0)
                            .path("map_version")
                            .intValue()
                    > 0);
            assertThat(gate.call("bdev_get_iostat", "{'name':'disk'}")
                            .path("bdevs")
                            .path(0)
                            .path("driver_specific")
                            .path("basalt")
                            .path("sent")
                            .intValue())
                    .isZero();
        }
    }

    @Test
    void tellsWhereAByteLies() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.until(() -> gate.client.map(1) != null);
            final JsonNode path = gate.call("bdev_basalt_get_path", "{'name':'vm1','offset':2101248}");
            assertThat(path.path("shard").intValue()).isEqualTo(2);
            assertThat(path.path("offset_in_shard").intValue()).isEqualTo(4096);
            assertThat(path.path("epoch").intValue()).isEqualTo(3);
            assertThat(path.path("replicas").path(0).path("address").stringValue())
                    .isEqualTo("chunk:7100");
            assertThat(gate.failure("bdev_basalt_get_path", "{'name':'vm1','offset':8388608}")
                            .field())
                    .isEqualTo("offset");
        }
    }

    @Test
    void deletingDetachesAndIsIdempotent() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'vm1'}");
            assertThat(gate.failure("bdev_basalt_delete", "{'name':'vm1'}").code())
                    .isEqualTo(RpcError.BUSY);
            gate.call("vhost_delete_controller", "{'ctrlr':'v'}");
            assertThat(gate.call("bdev_basalt_delete", "{'name':'vm1'}").booleanValue())
                    .isTrue();
            assertThat(gate.meta.detached).containsExactly(1);
            assertThat(gate.call("bdev_basalt_delete", "{'name':'vm1'}").booleanValue())
                    .isTrue();
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isZero();
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(2);
        }
    }

    @Test
    void saysWhyAVolumeCannotBeAttached() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            final RpcError unknown = gate.failure("bdev_basalt_create", "{'name':'disk','volume':'no-such'}");
            assertThat(unknown.code()).isEqualTo(RpcError.NO_DEVICE);
            assertThat(unknown.field()).isEqualTo("volume");
            assertThat(unknown.hint()).contains("no-such");
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'disk','volume':'vm1'}");
            assertThat(gate.failure("bdev_basalt_create", "{'name':'disk','volume':'vm2'}")
                            .field())
                    .isEqualTo("name");
            assertThat(gate.failure("bdev_basalt_create", "{'name':'other','volume':'vm1'}")
                            .reason())
                    .contains("as 'disk'");
        }
    }

    @Test
    void takesAVolumeOverOnlyWhenToldTo() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            gate.meta.giveAway("vm1");
            gate.until(() -> gate.driver("vm1").path("state").stringValue().equals("FENCED"));
            gate.call("bdev_basalt_delete", "{'name':'vm1'}");
            final RpcError served = gate.failure("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(served.code()).isEqualTo(RpcError.BUSY);
            assertThat(served.hint()).contains("take_over");
            gate.call("bdev_basalt_create", "{'name':'vm1','take_over':true}");
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(3);
        }
    }

    @Test
    void growsWithTheClustersVolumeAndTellsItsUsers() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            final List<Long> told = new ArrayList<>();
            gate.volumes.claim("vm1", "the test", false, told::add);
            gate.meta.grow("vm1", 16 << 20);
            gate.until(() -> !told.isEmpty());
            assertThat(told).containsExactly(16L << 20);
            assertThat(gate.call("save_config", "{}").toString()).contains("\"num_blocks\":4096");
        }
    }

    @Test
    void comesBackAtOnceAfterARestartAndIsAttachedAnew() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'disk','volume':'vm1','io_timeout_ms':7000}");
            gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'disk'}");
        }
        try (ClusterGate gate = new ClusterGate(directory)) {
            // Before any metaserver has been found.
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.driver("disk").path("state").stringValue()).isEqualTo("ATTACHING");
            assertThat(gate.call("vhost_get_controllers", "{}").size()).isEqualTo(1);
            gate.meta.generation = 1;
            gate.meta.add("vm1", 12 << 20);
            gate.connected();
            gate.until(() -> gate.driver("disk").path("state").stringValue().equals("ATTACHED"));
            assertThat(gate.driver("disk").path("generation").intValue()).isEqualTo(2);
            assertThat(gate.driver("disk").path("io_timeout_ms").intValue()).isEqualTo(7000);
            assertThat(gate.call("bdev_get_bdevs", "{}")
                            .path(0)
                            .path("num_blocks")
                            .longValue())
                    .isEqualTo(3072);
        }
    }

    @Test
    void aRestartedGateDoesNotTakeAVolumeBackThatAnotherServes() {
        try (ClusterGate gate = new ClusterGate(directory).started()) {
            gate.meta.add("vm1", 8 << 20);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
        }
        try (ClusterGate gate = new ClusterGate(directory)) {
            assertThat(gate.methods.restore()).isZero();
            gate.meta.add("vm1", 8 << 20);
            gate.connected();
            gate.until(() -> !gate.driver("vm1").path("state").stringValue().equals("ATTACHING"));
            gate.meta.giveAway("vm1");
            gate.until(() -> gate.driver("vm1").path("state").stringValue().equals("FENCED"));
            assertThat(gate.driver("vm1").path("reason").stringValue()).contains("another attachment");
        }
    }

    @Test
    void aGateWithoutAClusterSaysSo() {
        try (GateFixture gate = new GateFixture(directory)) {
            final RpcError error = gate.failure("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(error.code()).isEqualTo(RpcError.UNSUPPORTED);
            assertThat(error.hint()).contains("metaserver");
        }
    }
}
