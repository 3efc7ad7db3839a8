package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.fake.FakeMetaserver;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VolumeCommandsTest {
    private static final String VM1 =
            "{'id':7,'name':'vm1','sizeBytes':21474836480,'contentBytes':6442450944,'shardBytes':1048576,"
                    + "'blockBytes':4096,'class':'ssd','createdMs':1795276800000,'generation':3,'attached':true,"
                    + "'gate':'gate-a','parts':[{'id':9,'set':'default','offsetBytes':0,'lengthBytes':21474836480}]}";
    private static final String BIG = "{'id':8,'name':'big','sizeBytes':1649267441664,'shardBytes':4194304,"
            + "'blockBytes':512,'class':'hdd','createdMs':1795190400000,'generation':0,'attached':false,"
            + "'gate':null,'parts':[{'id':10,'set':'default','offsetBytes':0,'lengthBytes':1649267441664}]}";
    private static final String SET =
            "{'id':1,'name':'default','copies':3,'failureDomain':'host','pgCount':256,'minCopies':2}";

    @TempDir
    Path folder;

    private FakeMetaserver meta;

    @BeforeEach
    void start() {
        meta = new FakeMetaserver()
                .on("GET /v1/volumes?limit=1000", 200, "{'volumes':[" + BIG + "," + VM1 + "],'total':2}")
                .on("GET /v1/volumes/vm1", 200, VM1)
                .on("GET /v1/volumes/big", 200, BIG)
                .on("GET /v1/sets", 200, "{'sets':[" + SET + "]}")
                .on("GET /v1/sets/default", 200, SET)
                .on("GET /v1/status", 200, "{'capacity':{'deletedBytes':0}}")
                .refuse("GET /v1/volumes/vm2", 404, "NOT_FOUND", "volume", "there is none", "list the volumes")
                .refuse("GET /v1/volumes/wm1", 404, "NOT_FOUND", "volume", "there is none", "list the volumes")
                .on("GET /v1/volumes?limit=1000&after=", 200, "{}");
    }

    @AfterEach
    void stop() {
        meta.close();
    }

    private CommandRun run(String... words) {
        return meta.run(folder, words);
    }

    @Test
    void createsAVolume() {
        meta.on("POST /v1/volumes", 201, VM1);

        final CommandRun run = run("create", "vm1", "-s", "20G");

        assertThat(run.out()).isEqualTo("created vm1 (20 GiB)\n");
        assertThat(run.code()).isZero();
        assertThat(meta.changes()).containsExactly("POST /v1/volumes {\"name\":\"vm1\",\"sizeBytes\":21474836480}");
        assertThat(meta.keys().getFirst()).matches("[0-9a-f-]{36}");
    }

    @Test
    void createPassesEveryOptionOn() {
        meta.on("POST /v1/volumes", 201, BIG);

        run("create", "big", "-s", "1.5T", "--set", "default", "--class", "hdd", "--shard", "4M", "--block", "512");

        assertThat(meta.changes())
                .containsExactly("POST /v1/volumes {\"name\":\"big\",\"sizeBytes\":1649267441664,"
                        + "\"set\":\"default\",\"class\":\"hdd\",\"shardBytes\":4194304,\"blockBytes\":512}");
    }

    @Test
    void creatingWhatExistsIsAConflictUnlessAllowed() {
        meta.refuse("POST /v1/volumes", 409, "EXISTS", "name", "is taken", "");

        final CommandRun refused = run("create", "vm1", "-s", "20G");
        final CommandRun allowed = run("create", "vm1", "-s", "20G", "--if-not-exists");
        final CommandRun other = run("create", "vm1", "-s", "21G", "--if-not-exists");

        assertThat(refused.code()).isEqualTo(4);
        assertThat(refused.err()).isEqualTo("""
            basalt: vm1 exists already (20 GiB)
              take another name, or add --if-not-exists if that is what you want
            """);
        assertThat(allowed.code()).isZero();
        assertThat(allowed.out()).isEqualTo("vm1 exists already (20 GiB)\n");
        assertThat(other.code()).isEqualTo(4);
        assertThat(other.err()).contains("vm1 exists already (20 GiB), not 21 GiB", "basalt resize vm1");
    }

    @Test
    void aConflictThatIsNotAboutTheNameIsToldAsItIs() {
        meta.refuse("POST /v1/volumes", 409, "CONFLICT", "set", "cannot place 3 copies yet", "start chunk servers");

        final CommandRun run = run("create", "vm1", "-s", "20G", "--if-not-exists");

        assertThat(run.code()).isEqualTo(4);
        assertThat(run.err()).isEqualTo("basalt: set: cannot place 3 copies yet\n  start chunk servers\n");
    }

    @Test
    void aRehearsalChangesNothing() {
        assertThat(run("create", "vm2", "-s", "20G", "--dry-run").out())
                .isEqualTo("would create vm2 (20 GiB) in set default, 3 copies, at most 60 GiB raw\n");
        assertThat(run("create", "vm1", "-s", "20G", "--dry-run").code()).isEqualTo(4);
        assertThat(run("resize", "vm1", "-s", "+20G", "--dry-run").out())
                .isEqualTo("would resize vm1 from 20 GiB to 40 GiB\n");
        assertThat(run("rm", "big", "--dry-run").out()).isEqualTo("would delete big (1.5 TiB)\n");
        assertThat(meta.changes()).isEmpty();
    }

    @Test
    void listsVolumesInColumns() {
        assertThat(run("ls").out()).isEqualTo("""
            NAME     SIZE  STATE     GATE    CLASS
            big   1.5 TiB  detached  -       hdd
            vm1    20 GiB  attached  gate-a  ssd
            """);
        assertThat(run("ls", "-l", "v*").out()).isEqualTo("""
            NAME    SIZE  STORED  STATE     GATE    CLASS  SET      SHARD  GENERATION  CREATED
            vm1   20 GiB   2 GiB  attached  gate-a  ssd    default  1 MiB           3  2026-11-21 16:00:00 UTC
            """);
    }

    @ParameterizedTest
    @CsvSource({
        "name,    'big,vm1'",
        "size,    'big,vm1'",
        "created, 'vm1,big'",
        "stored,  'vm1,big'",
    })
    void sortsVolumes(String field, String order) {
        assertThat(run("ls", "-o", "name", "--sort", field).out().split("\n")).containsExactly(order.split(","));
    }

    @Test
    void tellsAnEmptyListFromOneThatDoesNotMatch() {
        assertThat(run("ls", "x*").out()).isEqualTo("no volume matches 'x*'\n");
        meta.on("GET /v1/volumes?limit=1000", 200, "{'volumes':[],'total':0}");
        assertThat(run("ls").out()).isEqualTo("no volumes yet; make one: basalt create vm1 -s 20G\n");
    }

    @Test
    void readsAllPages() {
        meta.on("GET /v1/volumes?limit=1000", 200, "{'volumes':[" + BIG + "],'next':'big'}")
                .on("GET /v1/volumes?limit=1000&after=big", 200, "{'volumes':[" + VM1 + "]}");

        assertThat(run("ls", "-o", "name").out()).isEqualTo("big\nvm1\n");
    }

    @Test
    void showsAVolume() {
        assertThat(run("info", "vm1").out()).isEqualTo("""
            name      vm1
            id        7
            size      20 GiB (21474836480 bytes)
            stored    2 GiB (10 %), 6 GiB with all copies
            class     ssd
            set       default: 3 copies, one per host
            shards    20480 of 1 MiB, stored when first written
            sector    4096 bytes
            attached  to gate-a, generation 3
            created   2026-11-21 16:00:00 UTC
            """);
    }

    @Test
    void printsExactNumbersForPrograms() {
        assertThat(run("info", "vm1", "--json").out()).contains("\"sizeBytes\" : 21474836480");
        assertThat(run("info", "vm1", "-o", "yaml").out()).contains("sizeBytes: 21474836480\n", "name: vm1\n");
        assertThat(run("ls", "-o", "json").out()).startsWith("[");
    }

    @Test
    void guessesANameThatIsNotThere() {
        final CommandRun near = run("info", "wm1");

        assertThat(near.code()).isEqualTo(3);
        assertThat(near.err()).isEqualTo("basalt: there is no volume 'wm1'\n  did you mean 'vm1'?\n");
        assertThat(run("rm", "wm1", "--yes").code()).isEqualTo(3);
        assertThat(run("rm", "wm1", "--yes", "--if-exists").out()).isEqualTo("nothing to delete\n");
    }

    @Test
    void resizesAndNeverShrinks() {
        meta.on("PATCH /v1/volumes/vm1", 200, VM1);

        assertThat(run("resize", "vm1", "-s", "40G").out()).isEqualTo("resized vm1 from 20 GiB to 40 GiB\n");
        assertThat(meta.changes()).containsExactly("PATCH /v1/volumes/vm1 {\"sizeBytes\":42949672960}");
        final CommandRun smaller = run("resize", "vm1", "-s", "10G");
        assertThat(smaller.code()).isEqualTo(2);
        assertThat(smaller.err()).contains("cannot be made smaller", "basalt export vm1 -");
    }

    @Test
    void deletesOnlyWhatIsDetachedAndConfirmed() {
        meta.on("DELETE /v1/volumes/big", 204, "");

        final CommandRun attached = run("rm", "vm1", "--yes");
        final CommandRun unasked = run("rm", "big");
        assertThat(meta.changes()).isEmpty();
        final CommandRun done = run("rm", "big", "--yes");

        assertThat(attached.code()).isEqualTo(4);
        assertThat(attached.err()).isEqualTo("""
            basalt: vm1 is attached to gate-a
              stop its guest, then: basalt detach vm1
            """);
        assertThat(unasked.code()).isEqualTo(2);
        assertThat(unasked.err()).contains("--yes");
        assertThat(done.out()).isEqualTo("deleted big\n");
        assertThat(meta.changes()).containsExactly("DELETE /v1/volumes/big");
    }

    @Test
    void addsUpWhatVolumesTakeAndMayTake() {
        assertThat(run("du").out()).isEqualTo("""
            NAME  PROVISIONED  STORED   USE  COPIES    RAW  RAW WHEN FULL
            vm1        20 GiB   2 GiB  10 %       3  6 GiB         60 GiB
            big       1.5 TiB     0 B   0 %       3    0 B        4.5 TiB
            2 volumes, 1.5 TiB provisioned; 2 GiB stored, 6 GiB raw, 4.6 TiB raw when full
            """);
        assertThat(run("du", "vm1", "-o", "json").out())
                .contains("\"storedBytes\" : 2147483648", "\"rawBytes\" : 6442450944", "\"rawBytesMax\" : 64424509440");
        assertThat(run("info", "vm1").out()).contains("stored    2 GiB (10 %), 6 GiB with all copies\n");
    }

    @Test
    void saysWhatDeletedVolumesStillTake() {
        meta.on("GET /v1/status", 200, "{'capacity':{'deletedBytes':3145728}}");

        assertThat(run("du").out()).endsWith("deleted volumes still take 3 MiB raw\n");
        assertThat(run("du", "vm1").out()).doesNotContain("deleted");
    }

    @Test
    void saysWhoseTokenIsMissing() {
        final CommandRun run =
                CommandRun.of(List.of("ls"), List.of("--url", meta.url(), "-c", "data=" + folder.resolve("nowhere")));

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains(
                        "the metaserver wants a token",
                        "--token-file",
                        folder + "/nowhere/meta/token, which is missing");
    }

    @Test
    void saysWhenNobodyAnswers() {
        final String url = meta.url();
        meta.close();

        final CommandRun run = CommandRun.of("status", "--url", url);

        assertThat(run.code()).isEqualTo(5);
        assertThat(run.err()).startsWith("basalt: nobody answers at " + url + "\n  is the metaserver running?");
    }
}
