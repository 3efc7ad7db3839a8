package io.basalt.cli.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.basalt.cli.CommandRun;
import io.basalt.cli.check.CopyPlan.Cell;
import io.basalt.cli.check.CopyPlan.Part;
import io.basalt.cli.check.CopyPlan.Place;
import io.basalt.cli.check.CopyPlan.Replica;
import io.basalt.cli.check.Difference.Kind;
import io.basalt.cli.output.Progress;
import io.basalt.cli.output.Style;
import io.basalt.cli.tool.DeviceReactor;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CopyCheckTest {
    private static final long VERSION = 1L << 40 | 7;
    private static final int BLOCK_BYTES = 4096;

    @TempDir
    private static Path sharedFolder = Path.of("");

    private static @Nullable StoredCopy pattern;

    @TempDir
    private Path folder = Path.of("");

    private final List<StoredCopy> copies = new ArrayList<>();
    private final List<UUID> uuids = new ArrayList<>();

    @BeforeAll
    static void storeOneCopy() {
        final StoredCopy copy = StoredCopy.formatted(sharedFolder.resolve("pattern"));
        for (int block = 0; block < 20; block++) {
            copy.write(1, 0, block, 0x40 + block, VERSION + block);
        }
        copy.write(1, 5, 200, 0x77, VERSION + 30)
                .write(2, 1, 3, 0x78, VERSION + 31)
                .discard(2, 1, 0, 256, VERSION + 32)
                .store();
        pattern = copy;
    }

    @BeforeEach
    void copyItThreeTimes() throws IOException {
        for (int number = 1; number <= 3; number++) {
            copies.add(Objects.requireNonNull(pattern).copied(folder.resolve("disk" + number)));
            uuids.add(UUID.randomUUID());
        }
    }

    @Test
    void findsSameCopiesTheSame() {
        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences()).isEmpty();
        assertThat(report.isClean()).isTrue();
        assertThat(report.shards()).isEqualTo(3);
        assertThat(report.identicalBlocks()).isEqualTo(21);
        assertThat(report.tombstones()).isEqualTo(1);
        assertThat(report.shardsByCopies()).containsOnlyKeys(3).containsEntry(3, 2L);
        assertThat(report.text(Style.PLAIN))
                .contains(
                        "4 placement groups, no two copies on one host", "all copies are the same", "2 shards with 3");
    }

    @Test
    void namesTheCopyWithOtherContentUnderTheSameVersion() {
        // Matches its checksum: only a comparison of bytes can tell.
        copies.get(1)
                .write(1, 0, 4, 0x11, VERSION + 4)
                .write(1, 0, 5, 0x11, VERSION + 5)
                .store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences()).hasSize(1);
        final Difference difference = report.differences().getFirst();
        assertThat(difference.kind()).isEqualTo(Kind.CONTENT);
        assertThat(difference.devices()).containsExactly("device 2 on b");
        assertThat(difference.where()).isEqualTo("vm1, byte 1064960, part 1, shard 0, blocks 4-5");
        assertThat(difference.what())
                .isEqualTo(
                        "device 2 on b has other content than device 1 on a and device 3 on c, under the same version"
                                + " 1:11");
        assertThat(report.devices()).allMatch(device -> device.wrong() == 0);
    }

    @Test
    void namesTheCopyThatIsNotThere() {
        copies.get(2).drop(1, 5).store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences())
                .extracting(Difference::kind, Difference::where, Difference::what)
                .containsExactly(tuple(
                        Kind.MISSING,
                        "vm1, byte 6291456, part 1, shard 5",
                        "device 3 on c should have a copy and has none"));
    }

    @Test
    void namesTheCopyWithAnOlderOrNewerVersion() {
        copies.get(0).write(1, 5, 200, 0x79, VERSION + 50).store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences()).hasSize(1);
        assertThat(report.differences().getFirst().kind()).isEqualTo(Kind.VERSION);
        assertThat(report.differences().getFirst().what())
                .isEqualTo("device 1 on a has version 1:57, device 2 on b and device 3 on c have 1:37");
    }

    @Test
    void namesTheCopyThatHasNothingWhereOthersHaveContent() {
        copies.get(1).discard(1, 0, 7, 3, VERSION + 60).store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences())
                .extracting(Difference::kind, Difference::block, Difference::blocks)
                .containsExactly(tuple(Kind.ALLOCATION, 7, 3));
        assertThat(report.differences().getFirst().what())
                .startsWith("device 2 on b has nothing, device 1 on a and device 3 on c have content of version 1:14");
    }

    @Test
    void takesZerosThatACopyHasAsNothingForTheSame() {
        // Written as blocks, and given as discards to a copy that was brought up to date.
        for (int copy = 0; copy < 2; copy++) {
            copies.get(copy)
                    .write(1, 0, 4, 0, VERSION + 90)
                    .write(1, 0, 9, 0x31, VERSION + 91)
                    .write(1, 8, 0, 0, VERSION + 92)
                    .write(1, 9, 0, 0, VERSION + 93)
                    .store();
        }
        copies.get(2)
                .discard(1, 0, 4, 1, VERSION + 90)
                .write(1, 0, 9, 0x31, VERSION + 91)
                .discard(1, 8, 0, 256, VERSION + 92)
                .store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences()).isEmpty();
    }

    @Test
    void findsContentThatDoesNotMatchItsChecksum() throws IOException {
        flipByteOfBlockFullOf((byte) 0x77, copies.get(0).file());

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences())
                .extracting(Difference::kind, Difference::what)
                .containsExactly(tuple(Kind.CHECKSUM, "device 1 on a has content that does not match its checksum"));
        assertThat(report.devices().getFirst().wrong()).isEqualTo(1);
        assertThat(report.text(Style.PLAIN)).contains("1 wrong", "copies differ");
    }

    @Test
    void comparesShardsWithoutContentByTheirVersion() {
        copies.get(1)
                .write(2, 1, 0, 1, VERSION + 70)
                .discard(2, 1, 0, 256, VERSION + 71)
                .store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences()).extracting(Difference::kind).containsExactly(Kind.VERSION);
        assertThat(report.differences().getFirst().what())
                .endsWith("device 1 on a has 1:39, device 2 on b has 1:78, device 3 on c has 1:39");
    }

    @Test
    void doesNotCompareACopyThatIsKnownToBeOutOfDate() {
        copies.get(2).drop(1, 5).write(1, 0, 0, 9, VERSION + 90).store();
        final List<Replica> twoInSync = List.of(new Replica(1, true), new Replica(2, true), new Replica(3, false));

        final CheckReport report = check(plan(twoInSync, "a", "b", "c"));

        assertThat(report.differences()).isEmpty();
        assertThat(report.behind()).isPositive();
        assertThat(report.text(Style.PLAIN)).contains("known to be out of date");
    }

    @Test
    void looksAtADeviceAfterACrashAsRecoveryWould() throws IOException {
        for (final StoredCopy copy : copies) {
            // A shard whose page is there, one that is in the log alone, one that is emptied again.
            copy.write(1, 0, 3, 0x21, VERSION + 80)
                    .write(1, 9, 0, 0x22, VERSION + 81)
                    .write(1, 9, 1, 0x23, VERSION + 82)
                    .write(1, 10, 0, 0x24, VERSION + 83)
                    .discard(1, 10, 0, 256, VERSION + 84);
        }
        copies.get(0).storeAndCrash();
        copies.get(1).write(1, 9, 1, 0x29, VERSION + 82).storeAndCrash();
        copies.get(2).store();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.shards()).isEqualTo(5);
        assertThat(report.differences())
                .extracting(
                        Difference::kind,
                        Difference::where,
                        difference -> difference.devices().getFirst())
                .containsExactly(tuple(Kind.CONTENT, "vm1, byte 10489856, part 1, shard 9, block 1", "device 2 on b"));
    }

    @Test
    void doesNotMissCopiesOfWhatOnlyAMisplacedCopyHas() {
        copies.get(2)
                .write(1, 7, 0, 9, VERSION + 90)
                .write(1, 0, 0, 9, VERSION + 91)
                .store();

        final CheckReport report = check(plan(List.of(new Replica(1, true), new Replica(2, true)), "a", "b", "c"));

        assertThat(report.differences()).isEmpty();
        assertThat(report.strays()).isEqualTo(4);
        assertThat(report.shardsByCopies()).containsOnlyKeys(2);
        assertThat(report.text(Style.PLAIN)).contains("4 copies are where the placement wants none any more");
    }

    @Test
    void findsTwoCopiesOnOneHost() {
        final CheckReport report = check(plan("a", "b", "a"));

        assertThat(report.differences()).hasSize(4).allMatch(difference -> difference.kind() == Kind.SAME_HOST);
        assertThat(report.differences().getFirst().what())
                .isEqualTo("set default, placement group 0: devices 1 and 3 both stand on host a");
    }

    @Test
    void saysWhichCopiesWereNotLookedAt() {
        copies.removeLast();

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.isClean()).isTrue();
        assertThat(report.unseen()).containsExactly(3);
        assertThat(report.text(Style.PLAIN)).contains("copies on device 3 were not looked at");
    }

    @Test
    void goesOnWithTheOthersWhenADeviceCannotBeRead() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(copies.get(0).file().toFile(), "rw")) {
            file.write(new byte[128 << 10]);
        }

        final CheckReport report = check(plan("a", "b", "c"));

        assertThat(report.differences().getFirst().kind()).isEqualTo(Kind.DEVICE);
        assertThat(report.devices().get(0).failed()).isTrue();
        assertThat(report.shards()).isEqualTo(3);
    }

    @Test
    void comparesWhatIsThereWithoutAMetaserver() {
        final CommandRun clean = command();
        copies.get(1).write(1, 0, 4, 0x11, VERSION + 4).drop(1, 5).store();
        final CommandRun different = command();
        final CommandRun counted = command("--copies", "3");

        assertThat(clean.err()).isEmpty();
        assertThat(clean.code()).isZero();
        assertThat(clean.out()).contains("placement  not known: ", "2 shards with 3 copies", "all copies are the same");
        assertThat(different.code()).isEqualTo(1);
        assertThat(different.out())
                .contains(
                        "1 difference",
                        "part 1, shard 0, block 4: " + copies.get(1).file() + " has other content than "
                                + copies.get(0).file() + " and " + copies.get(2).file(),
                        "1 shard with 2 copies, 1 shard with 3 copies");
        assertThat(counted.out()).contains("2 differences", "have a copy; there should be 3");
        assertThat(command("--json").out())
                .contains("\"kind\" : \"CONTENT\"", "\"clean\" : false", "\"block\" : 4", "\"known\" : false");
        assertThat(command("-o", "name").out()).isEqualTo("different\n");
    }

    @Test
    void refusesADeviceThatIsInUseAndSaysBy() {
        try (FileVolume used =
                FileVolume.open(FileOptions.of("used", copies.get(1).file()))) {
            assertThat(used.sizeBytes()).isPositive();
            final CommandRun run = command();

            assertThat(run.code()).isEqualTo(4);
            assertThat(run.err()).contains(copies.get(1).file().toString(), "stop the chunk server");
        }
        assertThat(CommandRun.of("check", folder.resolve("none").toString(), "-c", "data=" + folder)
                        .code())
                .isEqualTo(3);
        assertThat(CommandRun.of("check", "-c", "data=" + folder).code()).isEqualTo(2);
    }

    private CommandRun command(String... more) {
        final List<String> words = new ArrayList<>(List.of("check"));
        copies.forEach(copy -> words.add(copy.file().toString()));
        words.addAll(List.of("-c", "data=" + folder, "--url", "http://127.0.0.1:1"));
        words.addAll(List.of(more));
        return CommandRun.of(words, List.of());
    }

    private CopyPlan plan(String... hosts) {
        return plan(List.of(new Replica(1, true), new Replica(2, true), new Replica(3, true)), hosts);
    }

    private CopyPlan plan(List<Replica> replicas, String... hosts) {
        final CopyPlan plan = CopyPlan.of("a test")
                .cell(new Cell("default", FailureDomain.HOST, List.of(replicas, replicas, replicas, replicas)))
                .part(1, new Part("vm1", "default", 1 << 20, 1 << 20))
                .part(2, new Part("vm2", "default", 0, 1 << 20));
        for (int index = 0; index < hosts.length; index++) {
            plan.device(uuids.get(index), new Place(index + 1, "node" + index, new Location("r", "r", hosts[index])));
        }
        return plan;
    }

    private CheckReport check(CopyPlan plan) {
        final List<CheckedDevice> devices = new ArrayList<>();
        for (int index = 0; index < copies.size(); index++) {
            devices.add(new CheckedDevice(copies.get(index).file(), uuids.get(index)));
        }
        final Progress quiet = new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
        return DeviceReactor.runOnAll(
                devices.stream().map(CheckedDevice::path).toList(),
                false,
                (volumes, reactor, result) -> new CopyCheck(devices, plan, 0, quiet, result).begin(volumes, reactor));
    }

    private static void flipByteOfBlockFullOf(byte content, Path file) throws IOException {
        final byte[] all = Files.readAllBytes(file);
        final byte[] wanted = new byte[BLOCK_BYTES];
        Arrays.fill(wanted, content);
        for (int at = 0; at < all.length; at += BLOCK_BYTES) {
            if (Arrays.equals(all, at, at + BLOCK_BYTES, wanted, 0, BLOCK_BYTES)) {
                try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
                    damaged.seek(at + 100L);
                    damaged.write(content ^ 1);
                }
                return;
            }
        }
        throw new AssertionError("no block full of " + content);
    }
}
