package io.basalt.meta.log.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.log.MetaLogException;
import io.basalt.testkit.Await;
import io.basalt.wire.meta.UnknownVersionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A log on disk: order, durability, snapshots, and every way in which a file can be damaged.
class LocalLogTest {
    private static final LocalLogOptions ONE_BY_ONE = new LocalLogOptions(64 << 20, 1);

    @TempDir
    private Path folder;

    @Test
    void entriesComeBackInOrderAfterAReopen() {
        try (LogOwner owner = new LogOwner(folder, LocalLogOptions.DEFAULT)) {
            IntStream.range(0, 1000).forEach(number -> owner.append("entry " + number));
            owner.awaitOutcomes(1000);
            assertThat(owner.outcomes.getFirst()).isEqualTo("entry 0 committed 1");
            assertThat(owner.outcomes.getLast()).isEqualTo("entry 999 committed 1000");
        }
        try (LogOwner owner = new LogOwner(folder, LocalLogOptions.DEFAULT)) {
            assertThat(owner.reader.entries).hasSize(1000).startsWith("entry 0").endsWith("entry 999");
            owner.append("next");
            owner.awaitOutcomes(1);
            assertThat(owner.outcomes).containsExactly("next committed 1001");
        }
    }

    @Test
    void theFileHasTheBytesThatItAlwaysHad() throws IOException {
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            owner.append("one");
            owner.append("twelve bytes");
            owner.awaitOutcomes(2);
        }
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(log(1))))
                .isEqualTo("42534c544d4c4f47010000000000000001000000000000000000000000000000"
                        + "000000000000000000000000000000000000000000000000000000006a57736a"
                        + "4d52454303000000010000000000000000000000000000007487f622e9b2942a"
                        + "6f6e6500000000004d5245430c00000002000000000000000100000000000000"
                        + "8a970a4378f42af27477656c766520627974657300000000");
    }

    @Test
    void aCrashAtAnyByteKeepsWhatWasDurableAndNothingElse() throws IOException {
        final List<Integer> ends = writeEntries(12);
        final byte[] whole = Files.readAllBytes(log(1));
        for (int length = 0; length <= whole.length; length++) {
            final Path copy = folder.resolve("crash-" + length);
            Files.createDirectory(copy);
            Files.write(copy.resolve("log-0000000000000001"), Arrays.copyOf(whole, length));
            final int crashed = length;
            final long durable = ends.stream().filter(end -> end <= crashed).count();
            try (LogOwner owner = new LogOwner(copy, ONE_BY_ONE)) {
                assertThat(owner.reader.entries).as("cut to " + length).hasSize((int) durable);
                owner.append("after");
                owner.awaitOutcomes(1);
            }
            if (length % 17 == 0) {
                try (LogOwner owner = new LogOwner(copy, ONE_BY_ONE)) {
                    assertThat(owner.reader.entries).hasSize((int) durable + 1).endsWith("after");
                }
            }
            deleteAll(copy);
        }
    }

    @Test
    void anyFlippedByteIsFoundAndDurableEntriesAreNeverCutOffSilently() throws IOException {
        writeEntries(6);
        final byte[] whole = Files.readAllBytes(log(1));
        final int last = lastRecord(whole);
        for (int at = 0; at < whole.length; at++) {
            final byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            final Path copy = folder.resolve("flip-" + at);
            Files.createDirectory(copy);
            Files.write(copy.resolve("log-0000000000000001"), damaged);
            if (at < last) {
                assertThatThrownBy(() -> LocalLog.open(copy, ONE_BY_ONE, Runnable::run))
                        .as("byte " + at)
                        .isInstanceOfAny(MetaLogException.class, UnknownVersionException.class);
                assertThat(Files.readAllBytes(copy.resolve("log-0000000000000001")))
                        .isEqualTo(damaged);
            } else {
                try (LogOwner owner = new LogOwner(copy, ONE_BY_ONE)) {
                    assertThat(owner.reader.entries).hasSize(5);
                }
            }
            deleteAll(copy);
        }
    }

    @Test
    void aBatchThatWasTornAnywhereIsCutOffAtItsFirstMissingEntry() throws IOException {
        writeEntries(2);
        final byte[] durable = Files.readAllBytes(log(1));
        final ByteBuffer batch = LogFormat.buffer(4096);
        for (int index = 3; index <= 6; index++) {
            LogFormat.putRecord(batch, index, 2, ("batch " + index).getBytes(StandardCharsets.UTF_8));
        }
        batch.flip();
        final int recordBytes = batch.limit() / 4;
        final byte[] torn = Arrays.copyOf(durable, durable.length + batch.limit());
        batch.get(torn, durable.length, batch.limit());
        // The second of the four never reached the disk, though the third and fourth did.
        Arrays.fill(torn, durable.length + recordBytes, durable.length + 2 * recordBytes, (byte) 0);
        Files.write(log(1), torn);
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            assertThat(owner.reader.entries).hasSize(3).endsWith("batch 3");
            owner.append("new 4");
            owner.awaitOutcomes(1);
        }
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            assertThat(owner.reader.entries).hasSize(4).endsWith("new 4");
        }
    }

    @Test
    void aSnapshotTakesThePlaceOfOlderEntries() throws IOException {
        try (LogOwner owner = new LogOwner(folder, new LocalLogOptions(2000, 8))) {
            for (int number = 1; number <= 300; number++) {
                owner.append("entry " + number);
                owner.awaitOutcomes(number);
            }
            Await.until("a snapshot", () -> {
                owner.runPosted();
                return count("snapshot-") == 1;
            });
        }
        assertThat(count("log-")).isLessThan(4);
        try (LogOwner owner = new LogOwner(folder, new LocalLogOptions(2000, 8))) {
            assertThat(owner.reader.entries).hasSize(300).startsWith("entry 1").endsWith("entry 300");
            assertThat(owner.reader.lastIndex).isEqualTo(300);
        }
    }

    @Test
    void aCrashAtAnyStepOfASnapshotLosesNothing() throws IOException {
        writeEntries(5);
        final RecordingReader reader = new RecordingReader();
        IntStream.rangeClosed(1, 5).forEach(number -> reader.entries.add("entry number " + number));
        final byte[] state = reader.snapshot();
        try (LogFolder files = LogFolder.open(folder)) {
            files.createLog(6).close();
            assertRecovers(files, "new log made");
            Files.write(folder.resolve("snapshot-0000000000000005.new"), new byte[100]);
            assertRecovers(files, "snapshot half written");
            files.writeSnapshot(5, state);
            assertRecovers(files, "snapshot in place, old log not removed");
            Files.delete(files.log(1));
            assertRecovers(files, "old log removed");
            Files.write(files.log(6), Arrays.copyOf(Files.readAllBytes(files.log(6)), 20));
            assertRecovers(files, "new log's header torn");
        }
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            owner.append("sixth");
            owner.awaitOutcomes(1);
            assertThat(owner.outcomes).containsExactly("sixth committed 6");
        }
    }

    @Test
    void aDamagedSnapshotOrAMissingFileIsNotOpened() throws IOException {
        writeEntries(5);
        try (LogFolder files = LogFolder.open(folder)) {
            files.writeSnapshot(5, new RecordingReader().snapshot());
            files.createLog(9).close();
        }
        assertThatThrownBy(() -> LocalLog.open(folder, ONE_BY_ONE, Runnable::run))
                .isInstanceOf(MetaLogException.class)
                .hasMessageContaining("entry 6 is missing");
        Files.delete(log(9));
        final Path snapshot = folder.resolve("snapshot-0000000000000005");
        final byte[] bytes = Files.readAllBytes(snapshot);
        bytes[20] ^= 1;
        Files.write(snapshot, bytes);
        assertThatThrownBy(() -> LocalLog.open(folder, ONE_BY_ONE, Runnable::run))
                .isInstanceOf(MetaLogException.class)
                .hasMessageContaining("header is damaged");
    }

    @Test
    void aFileOfANewerVersionIsRefused() throws IOException {
        writeEntries(1);
        final byte[] file = Files.readAllBytes(log(1));
        final ByteBuffer bytes = LogFormat.view(file);
        bytes.putInt(8, 2).putInt(60, LogFormat.crc(bytes.slice(0, 60)));
        Files.write(log(1), file);
        assertThatThrownBy(() -> LocalLog.open(folder, ONE_BY_ONE, Runnable::run))
                .isInstanceOf(UnknownVersionException.class)
                .hasMessageContaining("version 2");
    }

    @Test
    void oneProcessAtATimeHasAFolder() {
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            assertThat(owner.reader.leads).isTrue();
            assertThatThrownBy(() -> LocalLog.open(folder, ONE_BY_ONE, Runnable::run))
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("another metaserver uses it");
        }
    }

    @Test
    void aClosedLogRejects() {
        final LogOwner owner = new LogOwner(folder, ONE_BY_ONE);
        owner.close();
        owner.append("late");
        owner.awaitOutcomes(1);
        assertThat(owner.outcomes).containsExactly("late rejected");
    }

    @Test
    void aLogWhoseDiskFailsStopsAndWhatWasUnderWayIsUncertain() {
        final AtomicBoolean broken = new AtomicBoolean();
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE, file -> new BreakingFile(file, broken))) {
            owner.append("before");
            owner.awaitOutcomes(1);
            broken.set(true);
            owner.append("during");
            owner.awaitOutcomes(2);
            broken.set(false);
            owner.append("after");
            owner.awaitOutcomes(3);
            assertThat(owner.outcomes).containsExactly("before committed 1", "during uncertain", "after rejected");
            assertThat(owner.reader.failure).contains("no space").contains("start the metaserver again");
            assertThat(owner.reader.entries).containsExactly("before");
        }
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            assertThat(owner.reader.entries).startsWith("before").doesNotContain("after");
        }
    }

    /// A file whose sync fails when told so.
    private record BreakingFile(LogFile file, AtomicBoolean broken) implements LogFile {
        @Override
        public void append(ByteBuffer bytes) throws IOException {
            file.append(bytes);
        }

        @Override
        public void sync() throws IOException {
            if (broken.get()) {
                throw new IOException("no space");
            }
            file.sync();
        }

        @Override
        public long length() {
            return file.length();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    private void assertRecovers(LogFolder files, String when) throws IOException {
        final Recovery recovery = Recovery.of(files);
        assertThat(recovery.lastIndex()).as(when).isEqualTo(5);
        final RecordingReader reader = new RecordingReader();
        recovery.tell(reader);
        assertThat(reader.entries)
                .as(when)
                .hasSize(5)
                .startsWith("entry number 1")
                .endsWith("entry number 5");
    }

    /// Writes entries, each durable before the next, and tells where each of them ends in the file.
    private List<Integer> writeEntries(int count) throws IOException {
        final List<Integer> ends = new ArrayList<>();
        try (LogOwner owner = new LogOwner(folder, ONE_BY_ONE)) {
            for (int number = 1; number <= count; number++) {
                owner.append("entry number " + number);
                owner.awaitOutcomes(number);
                ends.add((int) Files.size(log(1)));
            }
        }
        return ends;
    }

    /// Where the last record begins.
    private static int lastRecord(byte[] file) {
        final ByteBuffer bytes = LogFormat.view(file);
        int offset = LogFormat.HEADER_BYTES;
        int last = offset;
        while (offset < file.length) {
            last = offset;
            offset += LogFormat.recordBytes(LogFormat.recordPayload(bytes, offset).length);
        }
        return last;
    }

    private Path log(long firstIndex) {
        return folder.resolve("log-" + String.format("%016x", firstIndex));
    }

    private long count(String prefix) {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix) && !name.endsWith(".new"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void deleteAll(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (final Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
