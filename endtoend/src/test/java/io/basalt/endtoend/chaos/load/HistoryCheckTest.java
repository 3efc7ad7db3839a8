package io.basalt.endtoend.chaos.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Histories that a disk could have made, and such that it could not.
class HistoryCheckTest {
    private static final int SECTORS = 8;

    @TempDir
    private Path folder = Path.of("");

    private HistoryCheck.Result check(String... lines) throws IOException, InterruptedException {
        final Path file = folder.resolve("history.txt");
        Files.writeString(file, HistoryWriter.TITLE + "4096 bytes\n" + String.join("\n", List.of(lines)) + "\n");
        return HistoryCheck.run(file);
    }

    @Test
    void acceptsWhatADiskDoes() throws IOException, InterruptedException {
        final HistoryCheck.Result result = check(
                "r 5 1 2 0 0 ok 0",
                "w 5 3 6 0 0 ok 1",
                "r 5 4 5 0 0 ok 1",
                "r 5 7 8 0 0 ok 1",
                "d 5 9 10 0 0 ok 0",
                "r 5 11 12 0 0 ok 0",
                "r 9 13 14 0 0 ok 0");
        assertThat(result.isLinearizable()).as("%s", result.findings()).isTrue();
        assertThat(result.requests()).isEqualTo(7);
        assertThat(result.registers()).isEqualTo(2);
    }

    @Test
    void findsALostWrite() throws IOException, InterruptedException {
        assertThat(check("w 5 1 2 0 0 ok 1", "r 5 3 4 0 0 ok 0").findings())
                .singleElement()
                .asString()
                .startsWith("block 5");
    }

    @Test
    void findsAReadThatGoesBackInTime() throws IOException, InterruptedException {
        assertThat(check("w 5 1 2 0 0 ok 1", "w 5 3 8 0 0 ok 2", "r 5 4 5 0 0 ok 2", "r 5 6 7 0 0 ok 1")
                        .isLinearizable())
                .isFalse();
    }

    @Test
    void findsWhatNobodyWrote() throws IOException, InterruptedException {
        assertThat(check("w 5 1 2 0 0 ok 1", "r 5 3 4 0 0 ok " + Stamps.GARBAGE).isLinearizable())
                .isFalse();
    }

    @Test
    void lostWritesMayHaveBeenDoneButNotLater() throws IOException, InterruptedException {
        assertThat(check("w 5 1 2 0 0 lost 1", "r 5 3 4 0 0 ok 1").isLinearizable())
                .isTrue();
        assertThat(check("w 5 1 2 0 0 lost 1", "r 5 3 4 0 0 ok 0").isLinearizable())
                .isTrue();
        assertThat(check("w 5 1 2 0 0 lost 1", "r 5 3 4 0 0 ok 0", "r 5 5 6 0 0 ok 1")
                        .isLinearizable())
                .isFalse();
    }

    @Test
    void refusedWritesMayBeDoneAtAnyTimeOnce() throws IOException, InterruptedException {
        assertThat(check("w 5 1 - 0 0 error 1", "r 5 3 4 0 0 ok 0", "r 5 5 6 0 0 ok 1")
                        .isLinearizable())
                .isTrue();
        assertThat(check("w 5 1 - 0 0 error 1", "r 5 3 4 0 0 ok 1", "r 5 5 6 0 0 ok 0")
                        .isLinearizable())
                .isFalse();
    }

    @Test
    void looksAtEachSectorOfATornBlock() throws IOException, InterruptedException {
        final String torn = "w 5 1 2 0 0 lost 1";
        assertThat(check(torn, "r 5 3 4 0 0 ok 1,1,1,0,0,0,0,0", "r 5 5 6 0 0 ok 1,1,1,0,0,0,0,0")
                        .isLinearizable())
                .isTrue();
        final HistoryCheck.Result healed =
                check(torn, "r 5 3 4 0 0 ok 1,1,1,0,0,0,0,0", "r 5 5 6 0 0 ok 1,1,1,1,0,0,0,0");
        assertThat(healed.registers()).isEqualTo(SECTORS);
        assertThat(healed.findings()).singleElement().asString().contains("sector 3");
    }

    @Test
    void followsAHotBlockForThousandsOfRequests() throws IOException, InterruptedException {
        final StringBuilder lines = new StringBuilder();
        long event = 0;
        for (int stamp = 1; stamp <= 6000; stamp++) {
            lines.append("w 0 ")
                    .append(++event)
                    .append(' ')
                    .append(++event)
                    .append(" 0 0 ok ")
                    .append(stamp);
            lines.append("\nr 0 ")
                    .append(++event)
                    .append(' ')
                    .append(++event)
                    .append(" 0 0 ok ")
                    .append(stamp);
            lines.append(stamp == 6000 ? "" : "\n");
        }
        assertThat(check(lines.toString()).isLinearizable()).isTrue();
    }

    @Test
    void refusesWhatIsNoHistory() throws IOException {
        final Path file = folder.resolve("other.txt");
        Files.writeString(file, "hello\n");
        assertThatThrownBy(() -> HistoryCheck.run(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is no history");
    }
}
