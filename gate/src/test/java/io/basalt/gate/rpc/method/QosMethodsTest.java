package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.rpc.RpcError;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class QosMethodsTest {
    /// 10 GiB.
    private static final String NULL0 = "{'name':'Null0','block_size':512,'num_blocks':20971520}";

    @TempDir
    private Path directory;

    private GateFixture gate;

    @BeforeEach
    void start() {
        gate = new GateFixture(directory);
        gate.methods.restore();
        gate.call("bdev_null_create", NULL0);
    }

    @AfterEach
    void stop() {
        gate.close();
    }

    private JsonNode assigned() {
        return gate.call("bdev_get_bdevs", "{'name':'Null0'}").path(0).path("assigned_rate_limits");
    }

    private JsonNode qos() {
        return gate.call("bdev_get_qos", "{'name':'Null0'}").path(0);
    }

    private void set(String limits) {
        gate.call("bdev_set_qos_limit", "{'name':'Null0'," + limits + "}");
    }

    @Test
    void takesLimitsAsSpdkDoesAndTellsThem() {
        assertThat(assigned().toString())
                .isEqualTo("{\"rw_ios_per_sec\":0,\"rw_mbytes_per_sec\":0,\"r_mbytes_per_sec\":0,"
                        + "\"w_mbytes_per_sec\":0}");
        set("'rw_ios_per_sec':100000,'rw_mbytes_per_sec':500");
        assertThat(assigned().toString())
                .isEqualTo("{\"rw_ios_per_sec\":100000,\"rw_mbytes_per_sec\":500,\"r_mbytes_per_sec\":0,"
                        + "\"w_mbytes_per_sec\":0}");
        // What is not given stays.
        set("'w_mbytes_per_sec':7,'rw_ios_per_sec':0");
        assertThat(assigned().toString())
                .isEqualTo("{\"rw_ios_per_sec\":0,\"rw_mbytes_per_sec\":500,\"r_mbytes_per_sec\":0,"
                        + "\"w_mbytes_per_sec\":7}");
    }

    @Test
    void takesRatesAsTheyAreGiven() {
        set("'rw_ios_per_sec':1234");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(1234);
    }

    @Test
    void takesBurstsAndTellsTheirCredit() {
        set("'rw_ios_per_sec':1000,'rw_ios_burst_per_sec':3000,'burst_seconds':100,'burst_credit_percent':50");
        final JsonNode limit = qos().path("limits").path("rw_ios");
        assertThat(limit.path("burst_per_sec").longValue()).isEqualTo(3000);
        assertThat(limit.path("credit_max").longValue()).isEqualTo(200_000);
        assertThat(limit.path("credit").longValue()).isBetween(99_000L, 110_000L);
        // Another base leaves the burst what it is.
        set("'rw_ios_per_sec':2000");
        assertThat(qos().path("limits").path("rw_ios").path("burst_per_sec").longValue())
                .isEqualTo(3000);
        set("'rw_ios_per_sec':2000,'rw_ios_burst_per_sec':0");
        assertThat(qos().path("limits").path("rw_ios").has("burst_per_sec")).isFalse();
    }

    @Test
    void refusesABurstThatIsNoneAndACallThatSaysNothing() {
        final RpcError lower =
                gate.failure("bdev_set_qos_limit", "{'name':'Null0','r_ios_per_sec':9,'r_ios_burst_per_sec':9}");
        assertThat(lower.field()).isEqualTo("r_ios_burst_per_sec");
        assertThat(lower.reason()).contains("more than r_ios_per_sec, which is 9");
        final RpcError alone = gate.failure("bdev_set_qos_limit", "{'name':'Null0','r_ios_burst_per_sec':9}");
        assertThat(alone.field()).isEqualTo("r_ios_burst_per_sec");
        assertThat(gate.failure("bdev_set_qos_limit", "{'name':'Null0'}").code())
                .isEqualTo(RpcError.INVALID_PARAMETERS);
        assertThat(gate.failure("bdev_set_qos_limit", "{'name':'nope','rw_ios_per_sec':1}")
                        .code())
                .isEqualTo(-19);
        assertThat(qos().path("limits").isEmpty()).isTrue();
    }

    @Test
    void aClassFollowsTheSizeOfItsVolume() {
        gate.call("bdev_set_qos_class", "{'name':'Null0','class':'ssd'}");
        assertThat(qos().path("class").stringValue()).isEqualTo("ssd");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(1500);
        assertThat(assigned().path("rw_mbytes_per_sec").longValue()).isEqualTo(85);
        gate.call("bdev_null_resize", "{'name':'Null0','new_size':20480}");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(1800);
        gate.call("bdev_set_qos_class", "{'name':'Null0','class':'rssd'}");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(2800);
        // Limits of its own replace the class.
        set("'rw_ios_per_sec':5000");
        assertThat(qos().path("class").isNull()).isTrue();
        assertThat(assigned().path("rw_mbytes_per_sec").longValue()).isZero();
        gate.call("bdev_set_qos_class", "{'name':'Null0','class':'none'}");
        assertThat(qos().path("limits").isEmpty()).isTrue();
    }

    @Test
    void operatorsMakeClassesAndVolumesFollowThem() {
        gate.call(
                "bdev_qos_create_class",
                "{'class':'gold','ios_base':1000,'ios_per_gib':100,'mbytes_base':10,'kbytes_per_gib':512,"
                        + "'burst_percent':300,'burst_seconds':60}");
        gate.call("bdev_set_qos_class", "{'name':'Null0','class':'gold'}");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(2000);
        assertThat(qos().path("limits").path("rw_mbytes").path("per_sec").longValue())
                .isEqualTo(15 << 20);
        assertThat(qos().path("limits").path("rw_ios").path("burst_per_sec").longValue())
                .isEqualTo(6000);
        gate.call("bdev_qos_create_class", "{'class':'gold','ios_base':7}");
        assertThat(assigned().path("rw_ios_per_sec").longValue()).isEqualTo(7);
        assertThat(gate.failure("bdev_qos_delete_class", "{'class':'gold'}").code())
                .isEqualTo(RpcError.BUSY);
        final JsonNode classes = gate.call("bdev_qos_get_classes", "{}");
        assertThat(classes.size()).isEqualTo(3);
        assertThat(classes.path(2).path("volumes").longValue()).isEqualTo(1);
        gate.call("bdev_set_qos_class", "{'name':'Null0','class':'none'}");
        gate.call("bdev_qos_delete_class", "{'class':'gold'}");
        final RpcError unknown = gate.failure("bdev_set_qos_class", "{'name':'Null0','class':'rsd'}");
        assertThat(unknown.hint()).isEqualTo("did you mean 'ssd'?");
        assertThat(gate.failure("bdev_qos_create_class", "{'class':'ssd','ios_base':7}")
                        .reason())
                .contains("built in");
        assertThat(gate.failure("bdev_qos_create_class", "{'class':'nothing'}").reason())
                .contains("limits nothing");
    }

    @Test
    void limitsAndClassesComeBackAfterARestart() {
        gate.call("bdev_qos_create_class", "{'class':'gold','ios_base':1000,'burst_percent':200,'burst_seconds':9}");
        gate.call("bdev_null_create", NULL0.replace("Null0", "Null1"));
        gate.call("bdev_set_qos_class", "{'name':'Null1','class':'gold','burst_credit_percent':30}");
        set("'rw_ios_per_sec':1000,'rw_ios_burst_per_sec':3000,'burst_seconds':100,'r_mbytes_per_sec':5,"
                + "'io_unit_kib':64");
        final JsonNode saved = gate.call("save_config", "{}");
        assertThat(gate.methods.configuration()).contains("burst_credit_percent");
        assertThat(saved.toString()).doesNotContain("burst_credit_percent");
        gate.close();

        try (GateFixture next = new GateFixture(directory)) {
            assertThat(next.methods.restore()).isZero();
            assertThat(next.call("save_config", "{}")).isEqualTo(saved);
            final JsonNode qos = next.call("bdev_get_qos", "{}");
            assertThat(qos.path(0)
                            .path("limits")
                            .path("rw_ios")
                            .path("burst_per_sec")
                            .longValue())
                    .isEqualTo(3000);
            assertThat(qos.path(0).path("io_unit_kib").longValue()).isEqualTo(64);
            assertThat(qos.path(1).path("class").stringValue()).isEqualTo("gold");
        }
    }

    @Test
    void creditGoesAlongToAnotherProcess(@TempDir Path other) {
        set("'rw_ios_per_sec':10,'rw_ios_burst_per_sec':3000,'burst_seconds':1000,'burst_credit_percent':40");
        try (GateFixture next = new GateFixture(other)) {
            assertThat(next.methods.restore(gate.methods.configuration())).isZero();
            final JsonNode limit =
                    next.call("bdev_get_qos", "{}").path(0).path("limits").path("rw_ios");
            final double full = limit.path("credit_max").longValue();
            assertThat(limit.path("credit").longValue() / full).isBetween(0.38, 0.42);
        }
    }
}
