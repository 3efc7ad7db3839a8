package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcResult;
import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.IoStatistics.Operations;
import io.basalt.gate.volume.StatisticsSource;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.reactor.IdleMode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Each method against fakes: its answer's shape, its refusals, and that it may be repeated.
class GateMethodsTest {
    private static final String NULL0 = "{'name':'Null0','block_size':512,'num_blocks':8192}";

    @TempDir
    private Path directory;

    private GateFixture gate;

    @BeforeEach
    void start() {
        gate = new GateFixture(directory);
        assertThat(gate.methods.restore()).isZero();
    }

    @AfterEach
    void stop() {
        gate.close();
    }

    private static List<String> members(JsonNode object) {
        return List.copyOf(object.propertyNames());
    }

    @Test
    void tellsItsOwnNameInTheShapeOfSpdksVersion() {
        final JsonNode version = gate.call("spdk_get_version", "{}");
        assertThat(version.path("version").stringValue()).isEqualTo("Basalt 1.2.3-TEST git sha1 abc");
        assertThat(version.path("fields"))
                .isEqualTo(GateFixture.json("{'major':1,'minor':2,'patch':3,'suffix':'-TEST','commit':'abc'}"));
    }

    @Test
    void listsMethodsWithoutThoseOfStartupAndWithAliasesOnRequest() {
        final List<String> all = texts(gate.call("rpc_get_methods", "{}"));
        assertThat(all)
                .contains(
                        "spdk_get_version",
                        "rpc_get_methods",
                        "framework_get_reactors",
                        "framework_set_idle",
                        "bdev_null_create",
                        "bdev_malloc_resize",
                        "bdev_uring_rescan",
                        "bdev_aio_delete",
                        "bdev_get_bdevs",
                        "bdev_get_iostat",
                        "bdev_reset_iostat",
                        "bdev_set_qos_limit",
                        "bdev_error_create",
                        "bdev_delay_delete",
                        "vhost_create_blk_controller",
                        "vhost_create_scsi_controller",
                        "vhost_scsi_controller_add_target",
                        "vhost_scsi_controller_remove_target",
                        "vhost_delete_controller",
                        "vhost_get_controllers",
                        "vhost_controller_set_coalescing",
                        "vhost_controller_set_writeback",
                        "save_config",
                        "load_config",
                        "framework_get_subsystems",
                        "framework_get_config",
                        "framework_start_init",
                        "framework_wait_init",
                        "thread_get_stats",
                        "log_set_level",
                        "log_get_level")
                .doesNotContain("log_set_print_level")
                .doesNotHaveDuplicates();
        assertThat(texts(gate.call("rpc_get_methods", "{'current':true}")))
                .as("a client that loads a configuration starts the framework as long as it is told it could")
                .doesNotContain("framework_start_init");
        assertThat(texts(gate.call("rpc_get_methods", "{'include_aliases':true}")))
                .contains("log_set_print_level");
    }

    private static List<String> texts(JsonNode array) {
        final List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.stringValue()));
        return texts;
    }

    @Test
    void describesReactorsAndThreadsInTheRecordedShape() {
        final JsonNode answer = gate.call("framework_get_reactors", "{}");
        assertThat(members(answer)).containsExactly("tick_rate", "pid", "reactors");
        assertThat(answer.path("pid").intValue()).isEqualTo(42);
        final JsonNode reactor = answer.path("reactors").get(1);
        assertThat(members(reactor))
                .startsWith(
                        "lcore", "numa_id", "tid", "busy", "idle", "in_interrupt", "irq", "sys", "usr", "lw_threads");
        assertThat(reactor.path("lw_threads").get(0))
                .isEqualTo(GateFixture.json("{'name':'reactor-1','id':2,'cpumask':'1','elapsed':30}"));
        assertThat(reactor.path("mode").stringValue()).isEqualTo("adaptive");
        final JsonNode thread =
                gate.call("thread_get_stats", "{}").path("threads").get(2);
        assertThat(thread)
                .isEqualTo(GateFixture.json("{'name':'reactor-2','id':3,'cpumask':'2','busy':10,'idle':20,"
                        + "'active_pollers_count':5,'timed_pollers_count':0,'paused_pollers_count':0}"));
    }

    @Test
    void changesHowAllDataReactorsOrOneIdle() {
        gate.call("framework_set_idle", "{'mode':'poll'}");
        assertThat(gate.reactors.modes).isEqualTo(Map.of(0, IdleMode.INTERRUPT, 1, IdleMode.POLL, 2, IdleMode.POLL));
        gate.call("framework_set_idle", "{'mode':'interrupt','lcore':2}");
        assertThat(gate.reactors.modes.get(2)).isEqualTo(IdleMode.INTERRUPT);
        assertThat(gate.failure("framework_set_idle", "{'mode':'poll','lcore':9}")
                        .field())
                .isEqualTo("lcore");
        assertThat(gate.failure("framework_set_idle", "{'mode':'pol'}").hint()).isEqualTo("did you mean 'poll'?");
    }

    @Test
    void describesAVolumeInTheRecordedShape() {
        assertThat(gate.call("bdev_null_create", NULL0).stringValue()).isEqualTo("Null0");
        final JsonNode bdev = gate.call("bdev_get_bdevs", "{'name':'Null0'}").get(0);
        assertThat(members(bdev))
                .startsWith(
                        "name",
                        "aliases",
                        "product_name",
                        "block_size",
                        "num_blocks",
                        "preferred_write_alignment",
                        "preferred_write_granularity",
                        "optimal_write_size",
                        "preferred_unmap_alignment",
                        "preferred_unmap_granularity",
                        "uuid",
                        "assigned_rate_limits",
                        "claimed",
                        "zoned",
                        "supported_io_types",
                        "driver_specific");
        assertThat(bdev.path("product_name").stringValue()).isEqualTo("Null disk");
        assertThat(bdev.path("num_blocks").intValue()).isEqualTo(8192);
        assertThat(bdev.path("driver_specific").isEmpty()).isTrue();
        assertThat(members(bdev.path("supported_io_types"))).hasSize(22);
        final String uuid = bdev.path("uuid").stringValue();
        assertThat(bdev.path("aliases").get(0).stringValue()).isEqualTo(uuid);
        assertThat(gate.call("bdev_get_bdevs", "{'name':'" + uuid.toUpperCase(java.util.Locale.ROOT) + "'}")
                        .get(0))
                .isEqualTo(bdev);
        assertThat(gate.call("bdev_get_bdevs", "{}").size()).isEqualTo(1);
        final RpcError unknown = gate.failure("bdev_get_bdevs", "{'name':'nope'}");
        assertThat(unknown.code()).isEqualTo(-19);
        assertThat(unknown.summary()).isEqualTo("No such device");
    }

    @Test
    void makingAVolumeAgainSucceedsOnlyWithTheSameParameters() {
        gate.call("bdev_null_create", NULL0);
        assertThat(gate.call("bdev_null_create", NULL0).stringValue()).isEqualTo("Null0");
        final RpcError other = gate.failure("bdev_null_create", "{'name':'Null0','block_size':4096,'num_blocks':8192}");
        assertThat(other.code()).isEqualTo(-17);
        assertThat(other.summary()).isEqualTo("File exists");
        assertThat(other.field()).isEqualTo("name");
        assertThat(other.hint()).isNotEmpty();
        final RpcError otherKind = gate.failure("bdev_malloc_create", NULL0);
        assertThat(otherKind.code()).isEqualTo(-17);
        final String uuid = gate.volumes.volumes().getFirst().uuid().toString();
        final RpcError sameUuid = gate.failure(
                "bdev_null_create", "{'name':'Null1','block_size':512,'num_blocks':8,'uuid':'" + uuid + "'}");
        assertThat(sameUuid.field()).isEqualTo("uuid");
    }

    @Test
    void deletingAVolumeMayBeRepeatedButNotWhileItIsInUse() {
        gate.call("bdev_null_create", NULL0);
        gate.call("vhost_create_blk_controller", "{'ctrlr':'vhost.0','dev_name':'Null0'}");
        final RpcError busy = gate.failure("bdev_null_delete", "{'name':'Null0'}");
        assertThat(busy.code()).isEqualTo(-16);
        assertThat(busy.hint()).isEqualTo("delete controller vhost.0 first");
        assertThat(gate.call("vhost_delete_controller", "{'ctrlr':'vhost.0'}").booleanValue())
                .isTrue();
        assertThat(gate.failure("bdev_malloc_delete", "{'name':'Null0'}").hint())
                .contains("bdev_null_");
        assertThat(gate.call("bdev_null_delete", "{'name':'Null0'}").booleanValue())
                .isTrue();
        assertThat(gate.call("bdev_null_delete", "{'name':'Null0'}").booleanValue())
                .isTrue();
        assertThat(gate.call("vhost_delete_controller", "{'ctrlr':'vhost.0'}").booleanValue())
                .isTrue();
    }

    @Test
    void refusesSizesThatCannotBe() {
        assertThat(gate.failure("bdev_null_create", "{'name':'n','block_size':1000,'num_blocks':8}")
                        .field())
                .isEqualTo("block_size");
        assertThat(gate.failure("bdev_null_create", "{'name':'n','block_size':512,'num_blocks':0}")
                        .field())
                .isEqualTo("num_blocks");
        assertThat(gate.failure("bdev_null_create", "{'name':'n','block_size':4096,'num_blocks':9007199254740992}")
                        .field())
                .isEqualTo("num_blocks");
        assertThat(gate.volumes.volumes()).isEmpty();
    }

    @Test
    void namesVolumesInMemoryThatAreGivenNone() {
        final String unnamed = "{'block_size':512,'num_blocks':8}";
        assertThat(gate.call("bdev_malloc_create", unnamed).stringValue()).isEqualTo("Malloc0");
        assertThat(gate.call("bdev_malloc_create", unnamed).stringValue()).isEqualTo("Malloc1");
        assertThat(gate.call("bdev_get_bdevs", "{'name':'Malloc1'}")
                        .get(0)
                        .path("product_name")
                        .stringValue())
                .isEqualTo("Malloc disk");
    }

    @Test
    void growsVolumesAndTellsTheirControllers() {
        gate.call("bdev_null_create", NULL0);
        gate.call("bdev_delay_create", delay("Slow0"));
        gate.call("vhost_create_blk_controller", "{'ctrlr':'vhost.0','dev_name':'Slow0'}");
        gate.call("bdev_null_resize", "{'name':'Null0','new_size':8}");
        assertThat(gate.call("bdev_get_bdevs", "{'name':'Slow0'}")
                        .get(0)
                        .path("num_blocks")
                        .intValue())
                .isEqualTo(16384);
        assertThat(gate.controllers.sizes).isEqualTo(Map.of("vhost.0", 8L << 20));
        assertThat(gate.failure("bdev_null_resize", "{'name':'Null0','new_size':1}")
                        .code())
                .isEqualTo(-22);
        assertThat(gate.failure("bdev_null_resize", "{'name':'nope','new_size':1}")
                        .code())
                .isEqualTo(-19);
        gate.call("bdev_null_create", "{'name':'Null0','block_size':512,'num_blocks':16384}");
    }

    private static String delay(String name) {
        return "{'name':'" + name + "','base_bdev_name':'Null0','avg_read_latency':10,'p99_read_latency':20,"
                + "'avg_write_latency':30,'p99_write_latency':40}";
    }

    @Test
    void makesVolumesOnFilesAndSeesThemGrow() throws IOException {
        final Path file = directory.resolve("disk.raw");
        grow(file, 1 << 20);
        for (final String kind : List.of("uring", "aio")) {
            final String parameters = "{'name':'F','filename':'" + file + "','block_size':512}";
            assertThat(gate.call("bdev_" + kind + "_create", parameters).stringValue())
                    .isEqualTo("F");
            gate.call("bdev_" + kind + "_create", parameters);
            final JsonNode bdev = gate.call("bdev_get_bdevs", "{'name':'F'}").get(0);
            assertThat(bdev.path("driver_specific").path(kind).path("filename").stringValue())
                    .isEqualTo(file.toString());
            final long blocks = bdev.path("num_blocks").longValue();
            gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'F'}");
            grow(file, blocks * 512 + (1 << 20));
            gate.call("bdev_" + kind + "_rescan", "{'name':'F'}");
            assertThat(gate.controllers.sizes.get("v")).isEqualTo(blocks * 512 + (1 << 20));
            gate.call("vhost_delete_controller", "{'ctrlr':'v'}");
            gate.call("bdev_" + kind + "_delete", "{'name':'F'}");
        }
        final RpcError missing = gate.failure("bdev_uring_create", "{'name':'G','filename':'/nonexistent/disk'}");
        assertThat(missing.code()).isEqualTo(-2);
        assertThat(missing.field()).isEqualTo("filename");
        assertThat(gate.failure("bdev_uring_create", "{'name':'G','filename':'disk.raw'}")
                        .reason())
                .contains("not absolute");
    }

    private static void grow(Path file, long bytes) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(bytes);
        }
    }

    @Test
    void volumesOverOthersHaveThemAlone() {
        gate.call("bdev_null_create", NULL0);
        assertThat(gate.call("bdev_error_create", "{'base_name':'Null0'}").booleanValue())
                .isTrue();
        gate.call("bdev_error_create", "{'base_name':'Null0'}");
        assertThat(gate.failure("bdev_delay_create", delay("Slow0")).code()).isEqualTo(-16);
        assertThat(gate.failure("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'Null0'}")
                        .hint())
                .isEqualTo("use volume EE_Null0 instead");
        assertThat(gate.failure("bdev_null_delete", "{'name':'Null0'}").code()).isEqualTo(-16);
        gate.call("bdev_error_inject_error", "{'name':'EE_Null0','io_type':'read','error_type':'failure','num':3}");
        gate.call("bdev_error_inject_error", "{'name':'EE_Null0','io_type':'clear','error_type':'failure'}");
        gate.call("bdev_error_delete", "{'name':'EE_Null0'}");
        gate.call("bdev_delay_create", delay("Slow0"));
        gate.call("bdev_delay_delete", "{'name':'Slow0'}");
        gate.call("bdev_null_delete", "{'name':'Null0'}");
        assertThat(gate.failure("bdev_error_create", "{'base_name':'Null0'}").code())
                .isEqualTo(-19);
    }

    @Test
    void refusesAPercentileBelowTheAverage() {
        gate.call("bdev_null_create", NULL0);
        assertThat(gate.failure(
                                "bdev_delay_create",
                                delay("S").replace("'p99_write_latency':40", "'p99_write_latency':4"))
                        .field())
                .isEqualTo("p99_write_latency");
    }

    /// A queue that counts what the test says.
    private static final class Counter implements StatisticsSource {
        IoStatistics counted = IoStatistics.NONE;
        int extremeResets;

        @Override
        public String channel() {
            return "vhost.0 queue 0";
        }

        @Override
        public int reactor() {
            return 1;
        }

        @Override
        public IoStatistics statistics() {
            return counted;
        }

        @Override
        public void resetExtremes() {
            extremeResets++;
        }
    }

    private static IoStatistics statistics(long count, long errors) {
        final Operations some = new Operations(count, count * 4096, count * 10, 99);
        return new IoStatistics(some, some, some, some, errors);
    }

    @Test
    void sumsTheStatisticsOfAVolumesQueuesAndKeepsThoseOfClosedOnes() {
        gate.call("bdev_null_create", NULL0);
        final VolumeEntry entry = gate.volumes.require("name", "Null0");
        final Counter first = new Counter();
        final Counter second = new Counter();
        entry.addStatistics(first);
        entry.addStatistics(second);
        first.counted = statistics(2, 1);
        second.counted = statistics(3, 0);
        final JsonNode answer = gate.call("bdev_get_iostat", "{'names':['Null0']}");
        assertThat(members(answer)).containsExactly("tick_rate", "ticks", "bdevs");
        assertThat(answer.path("ticks").intValue()).isEqualTo(1234);
        final JsonNode bdev = answer.path("bdevs").get(0);
        assertThat(members(bdev))
                .startsWith(
                        "name",
                        "bytes_read",
                        "num_read_ops",
                        "bytes_written",
                        "num_write_ops",
                        "bytes_unmapped",
                        "num_unmap_ops",
                        "bytes_copied",
                        "num_copy_ops",
                        "read_latency_ticks",
                        "max_read_latency_ticks",
                        "min_read_latency_ticks");
        assertThat(bdev.path("num_read_ops").intValue()).isEqualTo(5);
        assertThat(bdev.path("bytes_written").intValue()).isEqualTo(5 * 4096);
        assertThat(bdev.path("read_latency_ticks").intValue()).isEqualTo(50);
        assertThat(bdev.path("max_read_latency_ticks").intValue()).isEqualTo(99);
        assertThat(bdev.path("io_error")).isEqualTo(GateFixture.json("{'io_failed':1}"));
        entry.removeStatistics(second);
        assertThat(reads("{'name':'Null0'}")).isEqualTo(5);
        final JsonNode channels = gate.call("bdev_get_iostat", "{'names':['Null0'],'per_channel':true}")
                .path("bdevs")
                .get(0)
                .path("channels");
        assertThat(channels.size()).isEqualTo(1);
        assertThat(channels.get(0).path("thread_id").intValue()).isEqualTo(1);
        assertThat(channels.get(0).path("num_read_ops").intValue()).isEqualTo(2);
        assertThat(reads("{'reset_mode':'all'}")).isEqualTo(5);
        assertThat(reads("{}")).isZero();
        first.counted = statistics(7, 4);
        assertThat(reads("{}")).isEqualTo(5);
        gate.call("bdev_reset_iostat", "{'mode':'error'}");
        assertThat(gate.call("bdev_get_iostat", "{}")
                        .path("bdevs")
                        .get(0)
                        .path("io_error")
                        .isEmpty())
                .isTrue();
        assertThat(reads("{}")).isEqualTo(5);
        assertThat(first.extremeResets).isEqualTo(1);
        gate.call("bdev_reset_iostat", "{'name':'Null0','mode':'maxmin'}");
        assertThat(first.extremeResets).isEqualTo(2);
    }

    private int reads(String parameters) {
        return gate.call("bdev_get_iostat", parameters)
                .path("bdevs")
                .get(0)
                .path("num_read_ops")
                .intValue();
    }

    @Test
    void refusesStatisticsPerChannelOfAllAndOfUnknownVolumes() {
        assertThat(gate.failure("bdev_get_iostat", "{'per_channel':true}").code())
                .isEqualTo(-22);
        assertThat(gate.failure("bdev_get_iostat", "{'names':['nope']}").code()).isEqualTo(-19);
    }

    @Test
    void describesAControllerInTheRecordedShape() {
        gate.call("bdev_null_create", NULL0);
        assertThat(gate.call("vhost_create_blk_controller", "{'ctrlr':'vhost.null','dev_name':'Null0'}")
                        .booleanValue())
                .isTrue();
        final JsonNode answer =
                gate.call("vhost_get_controllers", "{'name':'vhost.null'}").get(0);
        assertThat(answer)
                .isEqualTo(GateFixture.json("{'ctrlr':'vhost.null','cpumask':'0x3','delay_base_us':0,"
                        + "'iops_threshold':60000,'socket':'/run/basalt/vhost.null','sessions':[],"
                        + "'backend_specific':{'block':{'readonly':false,'bdev':'Null0','transport':'vhost_user_blk'}},"
                        + "'mode':'server','writeback':true,'packed_ring':false,'num_queues':2}"));
        final RpcError unknown = gate.failure("vhost_get_controllers", "{'name':'nope'}");
        assertThat(unknown.code()).isEqualTo(-32603);
        assertThat(unknown.summary()).isEqualTo("No such device");
    }

    @Test
    void describesSessionsAndTheirQueues() {
        gate.call("bdev_null_create", NULL0);
        gate.call("vhost_create_blk_controller", "{'ctrlr':'busy','dev_name':'Null0'}");
        final JsonNode session =
                gate.call("vhost_get_controllers", "{}").get(0).path("sessions").get(0);
        assertThat(session)
                .isEqualTo(GateFixture.json("{'vid':4,'id':4,'name':'busys4','started':true,'max_queues':2,"
                        + "'inflight_task_cnt':3,'state':'READY','virtio_features':'0x140000000',"
                        + "'protocol_features':'0x201','queues':[{'index':0,'state':'RUNNING','lcore':1,'size':128,"
                        + "'in_flight':3,'requests':77,'resubmitted':0,'moves':0}]}"));
    }

    @Test
    void makingAControllerAgainSucceedsOnlyWithTheSameParameters() {
        gate.call("bdev_null_create", NULL0);
        final String uuid = gate.volumes.volumes().getFirst().uuid().toString();
        final String first = "{'ctrlr':'v','dev_name':'Null0','cpumask':'[0-1]','mode':'client','num_queues':4,"
                + "'socket':'/tmp/x/../v.sock'}";
        gate.call("vhost_create_blk_controller", first);
        gate.call(
                "vhost_create_blk_controller",
                first.replace("[0-1]", "0x3").replace("Null0", uuid).replace("x/../", ""));
        assertThat(gate.failure("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'Null0'}")
                        .code())
                .isEqualTo(-17);
        assertThat(gate.controllers.list()).hasSize(1);
    }

    @Test
    void saysWhichParameterOfAControllerIsWrong() {
        gate.call("bdev_null_create", NULL0);
        final Map<String, String> wrong = Map.of(
                "{'ctrlr':'a/b','dev_name':'Null0'}",
                "ctrlr",
                "{'ctrlr':'..','dev_name':'Null0'}",
                "ctrlr",
                "{'ctrlr':'v','dev_name':'nope'}",
                "dev_name",
                "{'ctrlr':'v','dev_name':'Null0','cpumask':'0'}",
                "cpumask",
                "{'ctrlr':'v','dev_name':'Null0','cpumask':'[3-1]'}",
                "cpumask",
                "{'ctrlr':'v','dev_name':'Null0','socket':'v.sock'}",
                "socket",
                "{'ctrlr':'v','dev_name':'Null0','socket':'/" + "s".repeat(107) + "'}",
                "socket",
                "{'ctrlr':'v','dev_name':'Null0','transport':'vfio_user'}",
                "transport",
                "{'ctrlr':'v','dev_name':'Null0','num_queues':257}",
                "num_queues",
                "{'ctrlr':'v','dev_name':'Null0','read_only':true}",
                "read_only");
        wrong.forEach((parameters, field) -> assertThat(
                        gate.failure("vhost_create_blk_controller", parameters).field())
                .as(parameters)
                .isEqualTo(field));
        assertThat(gate.controllers.list()).isEmpty();
    }

    @Test
    void answersADeletionWhenTheControllerHasDrained() {
        gate.call("bdev_null_create", NULL0);
        gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'Null0'}");
        gate.controllers.drainsLater = true;
        final List<RpcResult> results = new ArrayList<>();
        gate.dispatcher.call("vhost_delete_controller", GateFixture.json("{'ctrlr':'v'}"), results::add);
        assertThat(results).isEmpty();
        gate.controllers.drains.remove().run();
        assertThat(results).hasSize(1);
        assertThat(results.getFirst().value()).isEqualTo(Json.truth(true));
        assertThat(gate.failure("vhost_delete_controller", "{'ctrlr':'stuck'}").code())
                .isEqualTo(-16);
    }

    @Test
    void setsCoalescingOfAControllerThatIsThere() {
        gate.call("bdev_null_create", NULL0);
        gate.call("vhost_create_blk_controller", "{'ctrlr':'v','dev_name':'Null0'}");
        gate.call("vhost_controller_set_coalescing", "{'ctrlr':'v','delay_base_us':20,'iops_threshold':1000}");
        final JsonNode answer =
                gate.call("vhost_get_controllers", "{'name':'v'}").get(0);
        assertThat(answer.path("delay_base_us").intValue()).isEqualTo(20);
        assertThat(answer.path("iops_threshold").intValue()).isEqualTo(1000);
        assertThat(gate.failure(
                                "vhost_controller_set_coalescing",
                                "{'ctrlr':'nope','delay_base_us':20,'iops_threshold':1000}")
                        .code())
                .isEqualTo(-32603);
    }

    @Test
    void changesTheLogLevelByBothNames() {
        gate.call("log_set_level", "{'level':'debug'}");
        assertThat(gate.log.level()).isEqualTo(LogLevel.DEBUG);
        gate.call("log_set_print_level", "{'level':'ERROR'}");
        assertThat(gate.call("log_get_level", "{}").stringValue()).isEqualTo("ERROR");
        assertThat(gate.failure("log_set_level", "{'level':'LOUD'}").hint()).contains("NOTICE");
    }

    @Test
    void saysThatTheFrameworkRuns() {
        assertThat(gate.call("framework_start_init", "{}").booleanValue()).isTrue();
        assertThat(gate.call("framework_wait_init", "{}").booleanValue()).isTrue();
        assertThat(gate.call("framework_get_subsystems", "{}"))
                .isEqualTo(GateFixture.json(
                        "[{'subsystem':'framework','depends_on':[]},{'subsystem':'bdev','depends_on':[]},"
                                + "{'subsystem':'vhost_blk','depends_on':['bdev']},"
                                + "{'subsystem':'vhost_scsi','depends_on':['bdev']},"
                                + "{'subsystem':'nbd','depends_on':['bdev']}]"));
        assertThat(gate.call("virtio_blk_get_transports", "{}"))
                .isEqualTo(GateFixture.json("[{'name':'vhost_user_blk'}]"));
    }
}
