package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.cluster.OperatedCluster.Outcome;
import io.basalt.endtoend.harness.Watch;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What an operator types, and what the answer is: the commands against daemons that really run.
@Timeout(1200)
class OperatorCommandsTest {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final int IMAGE_BYTES = 5 << 20;

    @TempDir
    private Path folder = Path.of("");

    @Test
    void aClusterIsOperatedFromItsFirstVolumeToTheCheckOfItsCopies() throws Exception {
        try (OperatedCluster cluster = new OperatedCluster(folder)) {
            until(cluster, "all clean", "status");
            volumeLivesAndDies(cluster);
            devicesAreTakenOutAndIn(cluster);
            whatIsStoredIsSeen(cluster);
            imagesOfOtherFormatsAreCopied(cluster);
            Outcome busy = cluster.run("check");
            assertThat(busy.code()).isEqualTo(4);
            assertThat(busy.err()).contains("disk.img", "stop the chunk server that has it");

            cluster.stop();

            final String report = cluster.done("check");
            assertThat(report)
                    .contains("16 placement groups, no two copies on one host", "all copies are the same")
                    // The server that stops first hands its copies over: from then on they may be out of date.
                    .containsPattern("copies +[0-9]+ shards with [23] copies\\R")
                    .doesNotContain("not looked at");
            assertThat(cluster.done("check", "--json"))
                    .contains("\"clean\" : true", "\"source\" : \"the metaserver's log");
        }
    }

    private static void volumeLivesAndDies(OperatedCluster cluster) {
        assertThat(cluster.done("ls")).isEqualTo("no volumes yet; make one: basalt create vm1 -s 20G\n");
        assertThat(cluster.done("create", "vm1", "-s", "1G")).isEqualTo("created vm1 (1 GiB)\n");
        assertThat(cluster.done("attach", "vm1", "--gate", "gate-1"))
                .startsWith("attached vm1 to gate-1\nsocket /")
                .contains("qemu-system-x86_64", "share=on");
        assertThat(cluster.done("ls")).contains("attached", "gate-1");

        assertRefused(cluster.run("rm", "vm1", "--yes"), 4, "vm1 is attached to gate-1", "basalt detach vm1");
        assertThat(cluster.done("resize", "vm1", "-s", "+1G")).isEqualTo("resized vm1 from 1 GiB to 2 GiB\n");
        assertThat(cluster.done("info", "vm1")).contains("2 GiB (2147483648 bytes)", "to gate-1, generation 1");
        until(cluster, "\"num_blocks\" : 524288", "rpc", "bdev_get_bdevs", "name=vm1");
        assertRefused(cluster.run("resize", "vm1", "-s", "1G"), 2, "cannot be made smaller", "basalt export vm1");

        assertThat(cluster.done("detach", "vm1", "--remote")).isEqualTo("detached vm1 from gate-1\n");
        assertRefused(cluster.run("detach", "vm1", "--remote"), 3, "vm1", "detached already");
        assertThat(cluster.done("detach", "vm1", "--remote", "--if-exists")).isEqualTo("vm1 is detached already\n");
        assertRefused(cluster.run("rm", "vm2", "--yes"), 3, "there is no volume 'vm2'", "did you mean 'vm1'?");
        assertRefused(cluster.run("rm", "vm1"), 2, "cannot be undone", "--yes");
        assertThat(cluster.done("rm", "vm1", "--dry-run")).isEqualTo("would delete vm1 (2 GiB)\n");
        assertThat(cluster.done("rm", "vm1", "--yes")).isEqualTo("deleted vm1\n");
        assertThat(cluster.done("rm", "vm1", "--yes", "--if-exists")).isEqualTo("nothing to delete\n");
    }

    private static void devicesAreTakenOutAndIn(OperatedCluster cluster) {
        final String id =
                cluster.done("device", "ls", "-o", "name").lines().findFirst().orElseThrow();
        final String node = "chunk-a";
        assertThat(cluster.done("node", "drain", node, "--dry-run")).isEqualTo("would drain 1 device of chunk-a\n");
        assertThat(cluster.done("device", "ls")).doesNotContain("draining");
        assertThat(cluster.done("node", "drain", node)).isEqualTo("draining 1 device of chunk-a\n");
        assertThat(cluster.done("device", "ls")).containsPattern("chunk-a +draining ");
        assertThat(cluster.done("node", "undrain", node)).isEqualTo("put in 1 device of chunk-a\n");
        assertThat(cluster.done("device", "ls")).containsPattern("chunk-a +up ");
        assertRefused(cluster.run("node", "drain", "chunk-x"), 3, "there is no node 'chunk-x'", "did you mean 'chunk-");

        assertThat(cluster.done("device", "set", id, "--weight", "0.5"))
                .isEqualTo("device " + id + ": up, weight 0.500\n");
        assertRefused(cluster.run("device", "set", id), 2, "nothing to change", "--weight WEIGHT");
        assertRefused(cluster.run("device", "set", id, "--state", "out"), 2, "cannot be undone", "--yes");
        assertThat(cluster.done("device", "set", id, "--state", "out", "--yes"))
                .isEqualTo("device " + id + ": out, weight 0.500\n");
        assertThat(cluster.done("device", "set", id, "--state", "in"))
                .isEqualTo("device " + id + ": up, weight 0.500\n");
        until(cluster, "all clean", "status");
    }

    private void whatIsStoredIsSeen(OperatedCluster cluster) throws Exception {
        final byte[] image = new byte[IMAGE_BYTES];
        Seeds.random(Seeds.next()).nextBytes(image);
        final Path file = Files.write(folder.resolve("image"), image);
        final Path back = folder.resolve("back");

        assertThat(cluster.done("import", file.toString(), "disk", "--verify")).contains("imported", "5 MiB");
        cluster.done("export", "disk", back.toString());
        assertThat(Files.readAllBytes(back)).isEqualTo(image);
        assertRefused(cluster.run("import", file.toString(), "disk"), 2, "cannot be undone", "--yes");

        until(cluster, "5 MiB  100 %       3  15 MiB", "du");
        assertThat(cluster.done("info", "disk")).contains("5 MiB (100 %), 15 MiB with all copies");
        until(cluster, "15 MiB stored in all copies", "status");
        assertThat(cluster.done("status")).contains("io        read ", "          write ", " op/s");
        assertThat(cluster.done("df")).contains("5 MiB");
        until(cluster, "HEALTH_OK\n", "health");
    }

    private void imagesOfOtherFormatsAreCopied(OperatedCluster cluster) throws Exception {
        final Path raw = folder.resolve("image");
        final Path image = folder.resolve("image.qcow2");
        final Path back = folder.resolve("back.qcow2");
        if (!qemuImg("convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString())) {
            System.out.println("qemu-img is missing: images that are no raw ones are not tested; install qemu-utils");
            return;
        }
        assertThat(cluster.done("import", image.toString(), "copy", "--verify"))
                .contains("imported 5 MiB from a qcow2 image to copy", "; verified");
        assertThat(cluster.done("export", "copy", back.toString(), "--compress"))
                .contains("exported 5 MiB to the qcow2 image");
        qemuImg("compare", "-f", "qcow2", "-F", "raw", back.toString(), raw.toString());
        assertThat(cluster.done("rm", "copy", "--yes")).isEqualTo("deleted copy\n");
    }

    /// Run it, to a good end.
    ///
    /// @return whether it is there
    private static boolean qemuImg(String... words) throws Exception {
        final List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(words));
        final Process process;
        try {
            process = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException missing) {
            return false;
        }
        assertThat(process.waitFor()).isZero();
        return true;
    }

    private static void assertRefused(Outcome outcome, int code, String... texts) {
        assertThat(outcome.code()).as(outcome.toString()).isEqualTo(code);
        assertThat(outcome.err()).startsWith("basalt: ").contains(texts);
    }

    /// Give a command until its answer contains something.
    private static void until(OperatedCluster cluster, String wanted, String... words) {
        Watch.until(
                String.join(" ", words) + " says " + wanted,
                BOUND,
                () -> cluster.run(words).out().contains(wanted),
                () -> cluster.run(words).toString());
    }
}
