package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkCommandTest {
    @TempDir
    Path folder;

    @Test
    void formatsAFileAndFindsItClean() {
        final String disk = folder.resolve("disk.img").toString();

        final CommandRun format = CommandRun.of("chunk", "format", disk, "--create", "64M");
        final CommandRun check = CommandRun.of("chunk", "check", disk);

        assertThat(format.err()).isEmpty();
        assertThat(format.out()).isEqualTo("formatted " + disk + "\n");
        assertThat(check.out()).isEqualTo(disk + ": clean, 0 shards, 0 blocks compared, 1 log block in force\n");
        assertThat(check.code()).isZero();
        assertThat(CommandRun.of("chunk", "check", disk, "--json").out()).contains("\"findingCount\" : 0");
    }

    @Test
    void printsWhatIsOnADevice() {
        final String disk = folder.resolve("disk.img").toString();
        CommandRun.of("chunk", "format", disk, "--create", "64M");

        final CommandRun dump = CommandRun.of("chunk", "dump", disk);

        assertThat(dump.code()).isZero();
        assertThat(dump.out()).contains("superblock");
    }

    @Test
    void aDamagedSuperblockIsFound() throws IOException {
        final Path disk = folder.resolve("disk.img");
        CommandRun.of("chunk", "format", disk.toString(), "--create", "64M");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.seek(100);
            file.write(1);
        }

        final CommandRun check = CommandRun.of("chunk", "check", disk.toString());

        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out()).contains("superblock copy 0: checksum does not match", "1 wrong");
    }

    @Test
    void neverFormatsUnasked() {
        final String disk = folder.resolve("disk.img").toString();

        assertThat(CommandRun.of("chunk", "format", disk).code()).isEqualTo(3);
        CommandRun.of("chunk", "format", disk, "--create", "64M");
        assertThat(CommandRun.of("chunk", "format", disk, "--create", "64M").code())
                .isEqualTo(4);
        assertThat(CommandRun.of("chunk", "format", disk).code()).isEqualTo(2);
        assertThat(CommandRun.of("chunk", "format", disk, "--dry-run").out()).isEqualTo("would format " + disk + "\n");
        assertThat(CommandRun.of("chunk", "format", disk, "--yes").code()).isZero();
        assertThat(CommandRun.of("chunk", "check", folder.resolve("none").toString())
                        .code())
                .isEqualTo(3);
    }

    @Test
    void formatsADeviceAgainThatStaysWhoItWasAndKnowsThatItHasLostEverything() {
        final String disk = folder.resolve("disk.img").toString();
        CommandRun.of("chunk", "format", disk, "--create", "64M");
        final String before = identityOf(disk);

        final CommandRun again = CommandRun.of("chunk", "format", "--again", disk, "--yes");

        assertThat(again.code()).isZero();
        assertThat(again.out()).isEqualTo("formatted " + disk + "\n");
        assertThat(identityOf(disk)).isEqualTo(before);
        assertThat(CommandRun.of("chunk", "dump", disk).out()).contains(", incomplete");
        assertThat(CommandRun.of("chunk", "check", disk).out())
                .contains("shards are missing, and it is not known which", "1 wrong");

        CommandRun.of("chunk", "format", disk, "--yes");
        assertThat(identityOf(disk)).as("a new device").isNotEqualTo(before);
        assertThat(CommandRun.of("chunk", "dump", disk).out()).doesNotContain(", incomplete");
    }

    @Test
    void asksWhoADeviceWasWhoseSuperblocksAreBothLost() throws IOException {
        final Path disk = folder.resolve("disk.img");
        CommandRun.of("chunk", "format", disk.toString(), "--create", "64M");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.write(new byte[128 << 10]);
        }

        final CommandRun unknown = CommandRun.of("chunk", "format", "--again", disk.toString(), "--yes");
        final CommandRun known = CommandRun.of(
                "chunk",
                "format",
                "--again",
                "--identity",
                "00000000-0000-0007-0000-000000000008",
                disk.toString(),
                "--yes");

        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("neither copy of the superblock can be read", "--identity UUID");
        assertThat(known.code()).isZero();
        assertThat(identityOf(disk.toString())).isEqualTo("deviceIdHigh=7, deviceIdLow=8]");
    }

    /// What the superblock says of the device, which is not what it says of the store on it.
    private static String identityOf(String disk) {
        final String dump = CommandRun.of("chunk", "dump", disk).out();
        final int from = dump.indexOf("deviceIdHigh=");
        return dump.substring(from, dump.indexOf(System.lineSeparator(), from));
    }

    @Test
    void saysWhyADeviceCannotBeFormatted() {
        final CommandRun run =
                CommandRun.of("chunk", "format", folder.resolve("small.img").toString(), "--create", "64k");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("small.img");
    }
}
