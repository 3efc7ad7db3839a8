package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.config.GateStateException;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.RpcError;
import io.basalt.reactor.IdleMode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What is made comes back after a restart; what cannot come back is kept.
class PersistenceTest {
    @TempDir
    private Path directory;

    private GateFixture start() {
        return new GateFixture(directory);
    }

    private Path disk() throws IOException {
        final Path file = directory.resolve("disk.raw");
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(1 << 20);
        }
        return file;
    }

    private void makeEverything(GateFixture gate) throws IOException {
        gate.call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':4096}");
        gate.call("bdev_malloc_create", "{'name':'M','block_size':4096,'num_blocks':16}");
        gate.call("bdev_uring_create", "{'name':'U','filename':'" + disk() + "','readonly':true}");
        gate.call("bdev_error_create", "{'base_name':'M'}");
        gate.call(
                "bdev_delay_create",
                "{'name':'D','base_bdev_name':'N','avg_read_latency':1,'p99_read_latency':2,'avg_write_latency':3,"
                        + "'p99_write_latency':4,'uuid':'83fef6b2-573b-4c3e-becb-d813bce398a1'}");
        gate.call("bdev_null_resize", "{'name':'N','new_size':4}");
        gate.call(
                "vhost_create_blk_controller",
                "{'ctrlr':'v1','dev_name':'D','packed_ring':true,'cpumask':'[1]','num_queues':3,'mode':'client',"
                        + "'socket':'/run/vm/v1.sock'}");
        gate.call("vhost_create_blk_controller", "{'ctrlr':'v2','dev_name':'U','readonly':true}");
        gate.call("vhost_controller_set_coalescing", "{'ctrlr':'v2','delay_base_us':9,'iops_threshold':900}");
    }

    @Test
    void aCacheModeThatTheGuestChoseComesBackAfterARestart() throws IOException {
        try (GateFixture gate = start()) {
            gate.methods.restore();
            makeEverything(gate);
            gate.controllers.guestSetsWriteback("v1", false);
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
            final JsonNode both = gate.call("vhost_get_controllers", "{}");
            assertThat(both.path(0).path("writeback").booleanValue()).isFalse();
            assertThat(both.path(1).path("writeback").booleanValue()).isTrue();
        }
    }

    @Test
    void everythingComesBackAfterARestart() throws IOException {
        final JsonNode bdevs;
        final JsonNode controllers;
        final JsonNode saved;
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
            makeEverything(gate);
            bdevs = gate.call("bdev_get_bdevs", "{}");
            controllers = gate.call("vhost_get_controllers", "{}");
            saved = gate.call("save_config", "{}");
        }
        assertThat(bdevs.size()).isEqualTo(5);
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.call("bdev_get_bdevs", "{}")).isEqualTo(bdevs);
            assertThat(gate.call("vhost_get_controllers", "{}")).isEqualTo(controllers);
            assertThat(gate.call("save_config", "{}")).isEqualTo(saved);
            gate.call("vhost_delete_controller", "{'ctrlr':'v2'}");
            gate.call("bdev_uring_delete", "{'name':'U'}");
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isEqualTo(4);
            assertThat(gate.call("vhost_get_controllers", "{}").size()).isEqualTo(1);
        }
    }

    @Test
    void chosenIdleModesAndLogLevelComeBackAfterARestart() {
        try (GateFixture gate = start()) {
            gate.methods.restore();
            gate.call("framework_set_idle", "{'mode':'interrupt','lcore':1}");
            gate.call("framework_set_idle", "{'mode':'poll'}");
            gate.call("framework_set_idle", "{'mode':'adaptive','lcore':2}");
            gate.call("log_set_level", "{'level':'debug'}");
            assertThat(gate.call("framework_get_config", "{'name':'framework'}"))
                    .isEqualTo(GateFixture.json("[{'method':'log_set_level','params':{'level':'DEBUG'}},"
                            + "{'method':'framework_set_idle','params':{'mode':'poll'}},"
                            + "{'method':'framework_set_idle','params':{'mode':'adaptive','lcore':2}}]"));
        }
        final JsonNode saved;
        try (GateFixture gate = start()) {
            assertThat(gate.log.level()).isEqualTo(LogLevel.NOTICE);
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.reactors.modes)
                    .isEqualTo(Map.of(0, IdleMode.INTERRUPT, 1, IdleMode.POLL, 2, IdleMode.ADAPTIVE));
            assertThat(gate.log.level()).isEqualTo(LogLevel.DEBUG);
            saved = gate.call("save_config", "{}");
        }
        try (GateFixture other = new GateFixture(directory)) {
            other.methods.restore();
            assertThat(other.call("load_config", saved.toString())
                            .path("applied")
                            .intValue())
                    .isEqualTo(3);
            assertThat(other.call("save_config", "{}")).isEqualTo(saved);
        }
    }

    @Test
    void anIdleModeForAReactorThatIsGoneIsKeptUntilAllAreSet() {
        try (GateFixture gate = start()) {
            gate.methods.restore();
            gate.reactors.modes.put(3, IdleMode.ADAPTIVE);
            gate.call("framework_set_idle", "{'mode':'poll','lcore':3}");
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isEqualTo(1);
            gate.call("framework_set_idle", "{'mode':'poll','lcore':1}");
            assertThat(gate.methods.unappliedCount()).as("another reactor's").isEqualTo(1);
            gate.call("framework_set_idle", "{'mode':'poll'}");
            assertThat(gate.methods.unappliedCount()).isZero();
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
        }
    }

    @Test
    void aSavedConfigurationLoadsIntoAnotherGateTwice() throws IOException {
        final JsonNode saved;
        try (GateFixture gate = start()) {
            gate.methods.restore();
            makeEverything(gate);
            saved = gate.call("save_config", "{}");
            assertThat(gate.call("framework_get_config", "{'name':'bdev'}"))
                    .isEqualTo(saved.path("subsystems").get(0).path("config"));
            assertThat(gate.call("framework_get_config", "{'name':'vhost'}"))
                    .isEqualTo(saved.path("subsystems").get(1).path("config"));
            assertThat(gate.failure("framework_get_config", "{'name':'nvmf'}").code())
                    .isEqualTo(-32602);
        }
        try (GateFixture other = new GateFixture(Files.createDirectory(directory.resolve("other")))) {
            other.methods.restore();
            final JsonNode answer = other.call("load_config", saved.toString());
            assertThat(answer.path("applied").intValue()).isEqualTo(8);
            assertThat(other.call("load_config", saved.toString())).isEqualTo(answer);
            assertThat(other.call("save_config", "{}")).isEqualTo(saved);
            assertThat(other.state.load()).hasSize(8);
        }
    }

    @Test
    void loadsAForeignConfigurationAsFarAsItIsKnown() {
        try (GateFixture gate = start()) {
            gate.methods.restore();
            final JsonNode answer = gate.call(
                    "load_config",
                    "{'subsystems':[{'subsystem':'sock','config':null},{'subsystem':'scheduler'},"
                            + "{'subsystem':'bdev','config':[{'method':'bdev_set_options','params':{'a':1}},"
                            + "{'method':'bdev_malloc_create','params':{'name':'Malloc0','num_blocks':1048,"
                            + "'block_size':512,'physical_block_size':512,"
                            + "'uuid':'3696f77d-d93a-4980-9fbf-9cb6c55844a4','optimal_io_boundary':0,'md_size':0,"
                            + "'dif_type':0}},{'method':'bdev_wait_for_examine'}]},{'subsystem':'vhost_blk','config':"
                            + "[{'method':'vhost_create_blk_controller','params':{'ctrlr':'v','dev_name':'Malloc0',"
                            + "'cpumask':'1','readonly':false,'transport':'vhost_user_blk'}}]}]}");
            assertThat(answer)
                    .isEqualTo(
                            GateFixture.json("{'applied':2,'skipped':['bdev_set_options','bdev_wait_for_examine']}"));
        }
    }

    @Test
    void loadingStopsAtTheFirstCallThatFailsAndNamesIt() {
        try (GateFixture gate = start()) {
            gate.methods.restore();
            final RpcError error = gate.failure(
                    "load_config",
                    "{'subsystems':[{'subsystem':'bdev','config':[{'method':'bdev_null_create','params':"
                            + "{'name':'N','block_size':512,'num_blocks':8}},{'method':'bdev_null_create','params':"
                            + "{'name':'O','block_size':512}},{'method':'bdev_null_create','params':"
                            + "{'name':'P','block_size':512,'num_blocks':8}}]}]}");
            assertThat(error.code()).isEqualTo(-32602);
            assertThat(error.field()).isEqualTo("num_blocks");
            assertThat(error.reason()).contains("\"O\"");
            assertThat(gate.state.load()).hasSize(1);
            assertThat(gate.failure("load_config", "{'subsystems':[5]}").reason())
                    .contains("subsystems[0]");
            assertThat(gate.failure("load_config", "{'subsystems':[{'subsystem':'bdev','config':[{}]}]}")
                            .reason())
                    .contains("subsystems[0].config[0].method");
        }
    }

    @Test
    void whatCannotComeBackIsKeptAndTriedAgain() throws IOException {
        final Path file = disk();
        try (GateFixture gate = start()) {
            gate.methods.restore();
            makeEverything(gate);
        }
        final Path away = directory.resolve("unmounted.raw");
        Files.move(file, away);
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore())
                    .as("the volume, its controller and its coalescing")
                    .isEqualTo(3);
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isEqualTo(4);
            gate.call("bdev_null_create", "{'name':'Z','block_size':512,'num_blocks':8}");
            final JsonNode unapplied = gate.call("gate_get_unapplied", "{}");
            assertThat(unapplied.size()).isEqualTo(3);
            assertThat(unapplied.get(0).path("error").path("data").path("field").stringValue())
                    .isEqualTo("filename");
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore())
                    .as("kept over a change and a restart")
                    .isEqualTo(3);
            assertThat(gate.methods.retry()).isEqualTo(3);
            Files.move(away, file);
            assertThat(gate.methods.retry()).isZero();
            assertThat(gate.methods.unappliedCount()).isZero();
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isEqualTo(6);
            assertThat(gate.call("vhost_get_controllers", "{'name':'v2'}")
                            .get(0)
                            .path("delay_base_us")
                            .intValue())
                    .isEqualTo(9);
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
        }
    }

    @Test
    void deletingWhatCouldNotComeBackEndsTheTrying() throws IOException {
        final Path file = disk();
        try (GateFixture gate = start()) {
            gate.methods.restore();
            makeEverything(gate);
        }
        Files.delete(file);
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isEqualTo(3);
            gate.call("vhost_delete_controller", "{'ctrlr':'v2'}");
            assertThat(gate.methods.unappliedCount()).isEqualTo(1);
            gate.call("bdev_uring_delete", "{'name':'U'}");
            assertThat(gate.methods.unappliedCount()).isZero();
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
        }
    }

    @Test
    void aBrokenStateFileStopsTheStartAndIsLeftAlone() throws IOException {
        final Path file = directory.resolve("gate.json");
        final String content = "{\n \"format\": \"basalt-gate-state\",\n \"version\": 1,\n oops\n}";
        Files.writeString(file, content);
        try (GateFixture gate = start()) {
            assertThatThrownBy(gate.methods::restore)
                    .isInstanceOf(GateStateException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("line 4")
                    .hasMessageContaining("move it away");
            assertThatThrownBy(() -> gate.state.save(List.of())).isInstanceOf(IllegalStateException.class);
        }
        assertThat(file).hasContent(content);
    }

    @Test
    void aChangeThatCannotBeSavedSaysSoAndIsSavedByRepeatingTheCall() throws IOException {
        final String create = "{'name':'N','block_size':512,'num_blocks':8}";
        final Path temporary = directory.resolve("gate.json.new");
        try (GateFixture gate = start()) {
            gate.methods.restore();
            // A directory that is not empty stands where the new file is to be written.
            Files.createDirectories(temporary.resolve("obstacle"));
            final RpcError error = gate.failure("bdev_null_create", create);
            assertThat(error.code()).isEqualTo(-5);
            assertThat(error.reason()).contains("not saved");
            Files.delete(temporary.resolve("obstacle"));
            gate.call("bdev_null_create", create);
        }
        try (GateFixture gate = start()) {
            assertThat(gate.methods.restore()).isZero();
            assertThat(gate.call("bdev_get_bdevs", "{}").size()).isEqualTo(1);
        }
    }
}
