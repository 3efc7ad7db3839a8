package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.cluster.StatusReport;
import io.basalt.cli.fake.FakeMetaserver;
import io.basalt.cli.output.Style;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ClusterCommandsTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String STATUS = "{'cluster':{'id':'9aef767e-0000-4000-8000-000000000000',"
            + "'createdMs':1795276800000,'health':'HEALTH','software':'0.1.0'},"
            + "'meta':{'leader':true,'standing':'','lastIndex':12},"
            + "'nodes':{'chunk':{'total':3,'up':2},'gate':{'total':1,'up':1}},'devices':{'total':3,'up':2,'failed':1},'sets':1,"
            + "'volumes':{'total':2,'attached':1,'provisionedBytes':22548578304},"
            + "'capacity':{'rawBytes':32212254720,'usedBytes':1610612736,'contentBytes':1395864371},"
            + "'io':{'readsPerSecond':412.0,'writesPerSecond':0.3,'readBytesPerSecond':1687552,"
            + "'writtenBytesPerSecond':0},"
            + "'pgs':{'total':256,'clean':64,'degraded':192,'unavailable':0}}";
    private static final String CHECK = "{'code':'NODE_DOWN','severity':'WARN','what':'node chunk-2 does not answer',"
            + "'impact':'fewer copies','fix':'restart it'}";
    private static final String NODE = "{'id':2,'uuid':'u','name':'chunk-1','role':'chunk','software':'0.1.0',"
            + "'room':'r1','rack':'k1','host':'h1','up':true,'connected':true,'registeredMs':0,'devices':[1,2]}";
    private static final String DEVICE = "{'id':1,'uuid':'u','node':'chunk-1','set':'default','class':'ssd',"
            + "'state':'UP_IN','address':'127.0.0.1:7710','weight':0.0098,'capacityBytes':10737418240,"
            + "'usedBytes':1073741824,'failed':false,'present':true}";
    private static final String SET = "{'id':1,'name':'default','pgCount':256,'copies':3,'minCopies':2,"
            + "'failureDomain':'host','laidOut':true,'mapVersion':4,'devices':3,'volumes':2,'rawBytes':32212254720,"
            + "'usedBytes':1610612736,'contentBytes':1289748480,'usableBytes':10737418240,'provisionedBytes':21474836480,"
            + "'overcommitPercent':2000}";

    @TempDir
    Path folder;

    private FakeMetaserver meta;

    @BeforeEach
    void start() {
        meta = new FakeMetaserver()
                .on("GET /v1/nodes", 200, "{'nodes':[" + NODE + "]}")
                .on("GET /v1/nodes/chunk-1", 200, NODE)
                .on("GET /v1/devices", 200, "{'devices':[" + DEVICE + "]}")
                .on("GET /v1/devices/1", 200, DEVICE)
                .on("GET /v1/sets", 200, "{'sets':[" + SET + "]}")
                .on("GET /v1/sets/default", 200, SET);
    }

    @AfterEach
    void stop() {
        meta.close();
    }

    private CommandRun run(String... words) {
        return meta.run(folder, words);
    }

    private static JsonNode json(String text) {
        return JSON.readTree(text.replace('\'', '"'));
    }

    @Test
    void showsTheClusterOnOneScreen() {
        final Instant twoDaysLater = Instant.ofEpochMilli(1795276800000L).plusSeconds(2 * 86400 + 5);

        final String text = StatusReport.text(
                json(STATUS.replace("'HEALTH'", "'WARN'")), json("[" + CHECK + "]"), twoDaysLater, Style.PLAIN);

        assertThat(text + "\n").isEqualTo("""
              cluster   9aef767e  HEALTH_WARN  v0.1.0  made 2 d ago
              services  meta   leading         log at 12
                        chunk  2/3 up          2/3 devices up, 1 failed
                        gate   1/1 up          1 attachment
              data      2 volumes, 21 GiB provisioned
                        1.3 GiB stored in all copies, taking 1.5 GiB of 30 GiB raw (5 %)
                        256 placement groups: 25 % clean, 192 degraded in 1 set
              io        read   1.6 MiB/s       412 op/s
                        write  0 B/s           0.3 op/s
              health    NODE_DOWN  node chunk-2 does not answer
            """);
    }

    @Test
    void statusSaysWhatWaitsAndWhatIsRepaired() {
        meta.on(
                "GET /v1/status",
                200,
                STATUS.replace("'HEALTH'", "'OK'")
                        .replace("'unavailable':0", "'waiting':5,'unavailable':0,'repairing':7"));
        assertThat(run("status").out()).contains("192 degraded, 5 waiting for copies, 7 being repaired in 1 set");
    }

    @Test
    void statusSaysItsHealthAsAName() {
        meta.on("GET /v1/status", 200, STATUS.replace("'HEALTH'", "'OK'"));

        assertThat(run("status", "-o", "name").out()).isEqualTo("HEALTH_OK\n");
        assertThat(run("status").out()).contains("HEALTH_OK", "192 degraded").doesNotContain("health ");
        assertThat(run("status", "--json").out()).contains("\"rawBytes\" : 32212254720");
    }

    @ParameterizedTest
    @CsvSource({"OK, 0", "WARN, 10", "ERR, 11"})
    void healthIsAnExitCode(String health, int code) {
        final String checks = health.equals("OK") ? "" : CHECK;
        meta.on("GET /v1/health", 200, "{'health':'" + health + "','checks':[" + checks + "]}");

        final CommandRun run = run("health");

        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).startsWith("HEALTH_" + health + "\n");
        if (code != 0) {
            assertThat(run.out()).isEqualTo("HEALTH_" + health + """

                  NODE_DOWN  node chunk-2 does not answer
                    impact  fewer copies
                    fix     restart it
                """);
        }
    }

    @Test
    void listsNodesDevicesAndSets() {
        assertThat(run("node", "ls").out()).isEqualTo("""
            NAME     ROLE   STATE  DEVICES  PLACE
            chunk-1  chunk  up           2  r1/k1/h1
            """);
        assertThat(run("device", "ls").out()).isEqualTo("""
            ID  NODE     STATE  CAPACITY   USED   USE  WEIGHT  SET
             1  chunk-1  up       10 GiB  1 GiB  10 %   0.010  default
            """);
        assertThat(run("set", "ls").out()).isEqualTo("""
            NAME     DEVICES  COPIES  ONE PER  PGS  VOLUMES     RAW     USED
            default        3       3  host     256        2  30 GiB  1.5 GiB
            """);
        assertThat(run("df").out()).isEqualTo("""
            SET         RAW     USED  USE  COPIES   STORED  FREE FOR VOLUMES  VOLUMES     PROVISIONED
            default  30 GiB  1.5 GiB  5 %       3  410 MiB           9.5 GiB        2  20 GiB (200 %)
            """);
    }

    @Test
    void saysThatADeviceFailsOrHasErrors() {
        meta.on(
                "GET /v1/devices",
                200,
                "{'devices':[" + DEVICE.replace("'state'", "'errors':1,'state'") + ","
                        + DEVICE.replace("'failed':false", "'failed':true") + "]}");

        assertThat(run("device", "ls").out()).contains("  up, 1 error  ", "  failed ");
    }

    @Test
    void wideListsHaveMoreColumns() {
        assertThat(run("node", "ls", "-o", "wide").out()).contains("SOFTWARE", "0.1.0");
        assertThat(run("device", "ls", "-o", "wide").out()).contains("ADDRESS", "127.0.0.1:7710");
        assertThat(run("set", "ls", "-o", "wide").out()).contains("OVERCOMMIT", "2000 %");
    }

    @Test
    void showsOneOfEach() {
        assertThat(run("node", "info", "chunk-1").out()).contains("place       r1/k1/h1\n", "devices     1, 2\n");
        assertThat(run("device", "info", "1").out()).contains("used      1 GiB (10 %)\n");
        assertThat(run("set", "info", "default").out())
                .contains("rule         3 copies, one per host; writes need 2\n", "placement    256 groups\n");
    }

    @Test
    void guessesNamesOfNodesAndSets() {
        meta.refuse("GET /v1/nodes/chunk1", 404, "NOT_FOUND", "node", "none", "")
                .refuse("GET /v1/sets/defualt", 404, "NOT_FOUND", "set", "none", "")
                .refuse("GET /v1/devices/9", 404, "NOT_FOUND", "device", "none", "");

        assertThat(run("node", "info", "chunk1").err())
                .isEqualTo("basalt: there is no node 'chunk1'\n  did you mean 'chunk-1'?\n");
        assertThat(run("set", "info", "defualt").err()).contains("did you mean 'default'?");
        assertThat(run("device", "info", "9").code()).isEqualTo(3);
    }

    @Test
    void changesADevice() {
        meta.on("PATCH /v1/devices/1", 200, DEVICE.replace("UP_IN", "DRAINING"));

        assertThat(run("device", "set", "1", "--state", "drain", "--dry-run").out())
                .isEqualTo("would change device 1 on chunk-1, now up, weight 0.010, to drain\n");
        assertThat(run("device", "set", "1", "--state", "out").code()).isEqualTo(2);
        assertThat(meta.changes()).isEmpty();
        assertThat(run("device", "set", "1", "--state", "drain").out()).isEqualTo("device 1: draining, weight 0.010\n");
        assertThat(run("device", "set", "1", "--weight", "3.6").code()).isZero();
        assertThat(meta.changes())
                .containsExactly("PATCH /v1/devices/1 {\"state\":\"drain\"}", "PATCH /v1/devices/1 {\"weight\":3.6}");
        assertThat(run("device", "set", "1").code()).isEqualTo(2);
    }

    @Test
    void drainsOneDeviceAndTakesItInAndOut() {
        meta.on("PATCH /v1/devices/1", 200, DEVICE.replace("UP_IN", "DRAINING"));
        assertThat(run("device", "drain", "1").out())
                .isEqualTo("device 1: draining; its copies move to other devices, then it is out: basalt repair ls\n");
        assertThat(run("device", "drain", "1", "--dry-run").out())
                .isEqualTo("would set device 1 on chunk-1, now up, to drain\n");
        assertThat(run("device", "out", "1").code()).isEqualTo(2);
        meta.on("PATCH /v1/devices/1", 200, DEVICE.replace("UP_IN", "OUT"));
        assertThat(run("device", "out", "1", "--yes").out()).contains("device 1: out; its copies are made anew");
        meta.on("PATCH /v1/devices/1", 200, DEVICE);
        assertThat(run("device", "in", "1").out()).isEqualTo("device 1: up\n");
        assertThat(meta.changes())
                .containsExactly(
                        "PATCH /v1/devices/1 {\"state\":\"drain\"}",
                        "PATCH /v1/devices/1 {\"state\":\"out\"}",
                        "PATCH /v1/devices/1 {\"state\":\"in\"}");
    }

    @Test
    void listsRepairsAndTheirHistory() {
        meta.on(
                "GET /v1/repairs",
                200,
                "{'nowMs':1795276890000,'total':2,'repairs':["
                        + "{'set':'default','pg':3,'from':2,'to':4,'startedMs':1795276800000,'state':'moving','etaMs':45000},"
                        + "{'set':'default','pg':7,'to':1,'startedMs':1795276889500,'state':'absent'}],"
                        + "'ended':[{'set':'default','pg':9,'to':1,'startedMs':1795276800000,'endedMs':1795276830000,"
                        + "'outcome':'in-sync'}]}");
        final String active = run("repair", "ls").out();
        assertThat(active).contains("FROM", "ETA");
        assertThat(active.lines().toList().get(1)).contains("default", "3", "2", "4", "moving", "90 s", "45 s");
        assertThat(active.lines().toList().get(2)).contains("7", "absent", "500 ms", "-");
        assertThat(run("repair", "ls", "--history").out()).contains("in sync", "30 s");
        meta.on("GET /v1/repairs", 200, "{'nowMs':1,'total':0,'repairs':[],'ended':[]}");
        final CommandRun none = run("repair", "ls");
        assertThat(none.out() + none.err()).contains("every copy is in sync");
    }

    @Test
    void drainsAllDevicesOfANode() {
        meta.on("PATCH /v1/devices/1", 200, DEVICE).on("PATCH /v1/devices/2", 200, DEVICE);

        assertThat(run("node", "drain", "chunk-1").out()).isEqualTo("draining 2 devices of chunk-1\n");
        assertThat(run("node", "undrain", "chunk-1").out()).isEqualTo("put in 2 devices of chunk-1\n");

        assertThat(meta.changes())
                .containsExactly(
                        "PATCH /v1/devices/1 {\"state\":\"drain\"}",
                        "PATCH /v1/devices/2 {\"state\":\"drain\"}",
                        "PATCH /v1/devices/1 {\"state\":\"in\"}",
                        "PATCH /v1/devices/2 {\"state\":\"in\"}");
    }

    @Test
    void makesAndChangesASet() {
        meta.on("POST /v1/sets", 201, SET).on("PATCH /v1/sets/default", 200, SET);

        assertThat(run("set", "create", "hdd", "--copies", "2", "--failure-domain", "rack")
                        .out())
                .isEqualTo("created set hdd\n");
        assertThat(run("set", "change", "default", "--min-copies", "2").out())
                .isEqualTo("set default: writes need 2 copies, at most 2000 % provisioned\n");
        assertThat(meta.changes())
                .containsExactly(
                        "POST /v1/sets {\"name\":\"hdd\",\"copies\":2,\"failureDomain\":\"rack\",\"pgCount\":256}",
                        "PATCH /v1/sets/default {\"minCopies\":2}");
    }

    @Test
    void aTokensTextIsAllThatIsPrinted() {
        meta.on("POST /v1/tokens", 201, "{'name':'ci','readOnly':true,'token':'secret'}")
                .on("DELETE /v1/tokens/ci", 204, "");

        assertThat(run("token", "create", "ci", "--read-only").out()).isEqualTo("secret\n");
        assertThat(run("token", "rm", "ci").code()).isEqualTo(2);
        assertThat(run("token", "rm", "ci", "--yes").out()).isEqualTo("deleted token ci\n");
    }
}
