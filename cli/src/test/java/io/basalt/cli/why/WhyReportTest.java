package io.basalt.cli.why;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.output.Style;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What `basalt why` makes of what a gate tells.
class WhyReportTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final long MS = 1_000_000;

    private static JsonNode json(String text) {
        return JSON.readTree(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static String times(int count, long ns) {
        return "'count':" + count + ",'sum_ns':" + count * ns + ",'buckets':[[" + ns + "," + count + "]]";
    }

    private static String stage(String name, int count, long ns, long costNs) {
        return "{'stage':'" + name + "','cost_ns':" + count * costNs + "," + times(count, ns) + "}";
    }

    private static String side(int count, long ns, String stages) {
        return "{'requests':" + count + ",'slow':0,'total':{" + times(count, ns) + "},'stages':[" + stages + "]}";
    }

    private static String device(int id, int served, long storeNs, int copied, long copyNs) {
        return "{'set':1,'device':" + id + ",'node':" + id + ",'address':'h:" + id + "','served':" + served
                + ",'queue_ns':0,'store_ns':" + served * storeNs + ",'copied':" + copied + ",'copy_ns':"
                + copied * copyNs + "}";
    }

    private static JsonNode cluster(String ring, String read, String write, String rest) {
        return json("{'name':'demo','ticks':0,'ring':{" + ring + "},'read':" + read + ",'write':" + write
                + ",'qos':{'limits':{}},'state':'ATTACHED','reason':'','in_flight':0,'events':{},'slow':[]" + rest
                + "}");
    }

    private static String text(Look look) {
        return new WhyReport("demo", look).text(Style.PLAIN);
    }

    private static Look slowCopy() {
        return Look.of(cluster(
                times(10, 2_000),
                side(0, 0, ""),
                side(
                        10,
                        50 * MS,
                        stage("gate", 10, 100, 100) + "," + stage("network", 10, MS, MS) + ","
                                + stage("device", 10, MS / 2, MS / 2) + "," + stage("replica_1", 10, MS, MS / 4) + ","
                                + stage("replica_2", 10, 49 * MS, 48 * MS)),
                ",'devices':[" + device(1, 10, MS / 2, 0, 0) + "," + device(2, 0, 0, 10, MS) + ","
                        + device(3, 0, 0, 10, 49 * MS) + "]"));
    }

    @Test
    void namesTheCopyThatIsSlowBesideItsPeers() {
        assertThat(text(slowCopy()))
                .contains("No reads.")
                .contains(
                        "96 % of a write's time is the wait for replica 2, on node 3, device 3 (h:3) above all: 49 ms in"
                                + " the mean, where its peers take 1.00 ms (basalt device drain 3 moves its data away).")
                .containsPattern("replica 2 +96 %");
    }

    @Test
    void namesTheDeviceThatIsTheOneCopyHereAndTheOtherThere() {
        final Look look = Look.of(cluster(
                "",
                side(0, 0, ""),
                side(
                        10,
                        50 * MS,
                        stage("device", 10, 20 * MS, 20 * MS) + "," + stage("replica_1", 10, 30 * MS, 14 * MS) + ","
                                + stage("replica_2", 10, 32 * MS, 16 * MS)),
                ",'devices':[" + device(1, 10, MS / 2, 0, 0) + "," + device(2, 0, 0, 10, MS) + ","
                        + device(3, 0, 0, 10, 49 * MS) + "]"));
        assertThat(text(look))
                .contains(
                        "60 % of a write's time is the wait for the other copies, on node 3, device 3 (h:3) above all");
    }

    @Test
    void tellsProgramsTheSame() {
        final JsonNode told = new WhyReport("demo", slowCopy()).document();
        final JsonNode first = told.path("write").path("stages").path(0);
        assertThat(first.path("stage").stringValue()).isEqualTo("replica_2");
        assertThat(first.path("share_percent").doubleValue()).isBetween(96.0, 98.0);
        assertThat(told.path("write").path("words").stringValue()).contains("device 3");
        assertThat(told.path("devices").size()).isEqualTo(3);
        double sum = 0;
        for (final JsonNode stage : told.path("write").path("stages")) {
            sum += stage.path("share_percent").doubleValue();
        }
        assertThat(sum).isBetween(99.99, 100.01);
    }

    @Test
    void saysWhichLimitHoldsAVolumeBack() {
        final Look before = Look.of(json("{'ticks':0,'read':" + side(0, 0, "") + ",'write':" + side(0, 0, "") + "}"));
        final JsonNode now = json("{'ticks':2000000000,'ring':{},'read':"
                + side(2460, 10 * MS, stage("qos", 2460, 9 * MS, 9 * MS) + "," + stage("device", 2460, MS, MS))
                + ",'write':" + side(0, 0, "")
                + ",'qos':{'class':'ssd','limits':{'rw_ios':{'unit':'requests','per_sec':1230}}},'slow':[]}");
        assertThat(text(Look.of(now).since(before)))
                .contains("90 % of a read's time is spent waiting for its turn within the volume's limits: limited by"
                        + " class ssd (requests to 1230/s); it did 1230 requests/s.")
                .contains("in the last 2.0 s");
    }

    @Test
    void tellsOnlyOfWhatHappenedBetweenTwoLooks() {
        final String slow =
                side(10, 50 * MS, stage("network", 10, 40 * MS, 40 * MS) + "," + stage("device", 10, 10 * MS, 10 * MS));
        final String then = "{'requests':15,'slow':0,'total':{'count':15,'sum_ns':" + (500 * MS + 5 * MS)
                + ",'buckets':[[" + 50 * MS + ",10],[" + MS + ",5]]},'stages':[{'stage':'network','cost_ns':" + 400 * MS
                + ",'count':10,'sum_ns':" + 400 * MS + ",'buckets':[[" + 40 * MS + ",10]]},{'stage':'device','cost_ns':"
                + 105 * MS + ",'count':15,'sum_ns':" + 105 * MS + ",'buckets':[[" + 10 * MS + ",10],[" + MS + ",5]]}]}";
        final Look look =
                Look.of(cluster("", then, side(0, 0, ""), "")).since(Look.of(cluster("", slow, side(0, 0, ""), "")));
        assertThat(look.read().total().count()).isEqualTo(5);
        assertThat(text(look))
                .contains("5 reads: half within 1.0")
                .contains("100 % of a read's time is the store of the primary's device")
                .doesNotContain("network");
    }

    @Test
    void saysWhatRequestsWaitForInTheGate() {
        final JsonNode told = json(cluster(
                        "",
                        side(4, 100 * MS, stage("gate", 4, 99 * MS, 99 * MS) + "," + stage("network", 4, MS, MS)),
                        side(0, 0, ""),
                        "")
                .toString()
                .replace("\"events\":{}", "'events':{'back_offs':40,'map_waits':3,'answers':{'overloaded':40}}"));
        assertThat(text(Look.of(told)))
                .contains(
                        "99 % of a read's time is spent waiting in the gate, mostly for devices that could not take it"
                                + " just then (overloaded). See basalt health.");
    }

    @Test
    void saysThatNothingIsAnswered() {
        final JsonNode told = json(cluster("", side(0, 0, ""), side(0, 0, ""), "")
                .toString()
                .replace("\"in_flight\":0", "'in_flight':32"));
        assertThat(text(Look.of(told).since(Look.of(told))))
                .contains(
                        "32 requests under way, and none was answered: they wait for the cluster. See basalt health.");
    }

    @Test
    void saysThatAVolumeIsNotThere() {
        final JsonNode told = json(cluster("", side(0, 0, ""), side(0, 0, ""), "")
                .toString()
                .replace("\"ATTACHED\",\"reason\":\"\"", "'LEFT','reason':'its guest has moved'"));
        assertThat(text(Look.of(told))).contains("The volume is LEFT: its guest has moved.");
    }

    @Test
    void noDeviceIsBlamedWhenAllAreAlike() {
        final Look look = Look.of(cluster(
                "",
                side(10, 5 * MS, stage("device", 10, 5 * MS, 5 * MS)),
                side(0, 0, ""),
                ",'devices':[" + device(1, 10, 5 * MS, 0, 0) + "," + device(2, 10, 4 * MS, 0, 0) + ","
                        + device(3, 10, 6 * MS, 0, 0) + "]"));
        assertThat(text(look)).contains("the store of the primary's device; no device stands out.");
    }

    @Test
    void showsSlowRequestsWithTheirDevices() {
        final JsonNode told = json(cluster("", side(0, 0, ""), side(0, 0, ""), "")
                .toString()
                .replace(
                        "\"slow\":[]",
                        "'slow':[{'operation':'write','offset':8192,'length':4096,'seconds_ago':7,'took_ns':1200000000,"
                                + "'cost_ns':{'device':1000000,'replica_1':1199000000},'device':1,'replica_1':5}]"));
        assertThat(text(Look.of(told)))
                .contains("7 s ago: write of 4096 at 8192 took 1.20 s: device (device 1) 1.00 ms, replica 1 (device 5)"
                        + " 1.20 s");
    }
}
