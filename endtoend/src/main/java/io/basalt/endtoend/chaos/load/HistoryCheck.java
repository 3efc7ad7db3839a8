package io.basalt.endtoend.chaos.load;

import io.basalt.simulation.check.RegisterHistory;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Whether a disk could have behaved as a history file says: for every sector, whether there is an order of its
/// writes and reads that keeps real time and has each read find what was written last. The search itself is that of
/// the simulation.
///
/// Sectors of a block that were always seen to hold the same are one register; otherwise each is one of its own.
public final class HistoryCheck {
    private static final long STACK_BYTES = 1L << 30;
    private static final int FINDINGS_KEPT = 10;
    private static final long UNKNOWN = 0;

    private final Map<Integer, List<Line>> blocks = new TreeMap<>();
    private final List<String> findings = new ArrayList<>();
    private long requests;
    private long registers;
    private long undecided;

    private HistoryCheck() {}

    /// One request of a history.
    private static final class Line {
        private final int block;
        private final boolean isRead;
        private final long began;
        /// Number of an event; 0 if nobody knows.
        private final long ended;

        private final boolean done;
        /// One for all sectors, or one for each.
        private final long[] stamps;

        Line(String text) {
            final String[] words = text.split(" ", -1);
            isRead = RequestKind.of(words[0].charAt(0)) == RequestKind.READ;
            block = Integer.parseInt(words[1]);
            began = Long.parseLong(words[2]);
            ended = words[3].equals("-") ? UNKNOWN : Long.parseLong(words[3]);
            done = words[6].equals("ok");
            final String[] seen = words[7].split(",", -1);
            stamps = new long[seen.length];
            for (int i = 0; i < seen.length; i++) {
                stamps[i] = Long.parseLong(seen[i]);
            }
        }

        long stamp(int sector) {
            return stamps.length == 1 ? stamps[0] : stamps[sector];
        }
    }

    /// What a check came to.
    ///
    /// @param requests looked at
    /// @param registers blocks or sectors that were searched one by one
    /// @param undecided registers with too many orders to search
    /// @param findings what no order explains, in words; the first few
    public record Result(long requests, long registers, long undecided, List<String> findings) {
        /// Whether every register is known to have behaved.
        public boolean isLinearizable() {
            return findings.isEmpty() && undecided == 0;
        }
    }

    /// Check a file.
    ///
    /// @throws IOException if it cannot be read or is no history
    /// @throws InterruptedException if the thread is interrupted meanwhile
    public static Result run(Path file) throws IOException, InterruptedException {
        final HistoryCheck check = new HistoryCheck();
        check.read(file);
        // The search goes as deep as a register has requests.
        final CompletableFuture<@Nullable Throwable> ended = new CompletableFuture<>();
        final Thread thread = new Thread(null, () -> ended.complete(check.searchAll()), "chaos-check", STACK_BYTES);
        thread.start();
        thread.join();
        final Throwable failure = ended.getNow(null);
        if (failure != null) {
            throw new IllegalStateException("the check failed: " + failure, failure);
        }
        return new Result(check.requests, check.registers, check.undecided, List.copyOf(check.findings));
    }

    private void read(Path file) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
            final String title = in.readLine();
            if (title == null || !title.startsWith(HistoryWriter.TITLE)) {
                throw new IOException(file + " is no history");
            }
            for (String text = in.readLine(); text != null; text = in.readLine()) {
                final Line line = new Line(text);
                requests++;
                blocks.computeIfAbsent(line.block, _ -> new ArrayList<>()).add(line);
            }
        }
    }

    private @Nullable Throwable searchAll() {
        try {
            blocks.forEach(this::search);
            return null;
        } catch (RuntimeException | StackOverflowError failure) {
            return failure;
        }
    }

    private void search(int block, List<Line> lines) {
        int sectors = 1;
        for (final Line line : lines) {
            sectors = Math.max(sectors, line.stamps.length);
        }
        for (int sector = 0; sector < sectors; sector++) {
            registers++;
            try {
                final String violation = register(lines, sector).violation();
                if (violation != null && findings.size() < FINDINGS_KEPT) {
                    findings.add(
                            "block " + block + (sectors > 1 ? ", sector " + sector + " of it" : "") + ": " + violation);
                }
            } catch (IllegalStateException tooMany) {
                undecided++;
            }
        }
    }

    private static RegisterHistory register(List<Line> lines, int sector) {
        final RegisterHistory register = new RegisterHistory();
        for (final Line line : lines) {
            if (line.isRead) {
                if (line.done) {
                    register.read(line.began).returned(line.stamp(sector), line.ended);
                }
                continue;
            }
            final RegisterHistory.Operation write = register.write(line.stamp(sector), line.began);
            if (line.done) {
                write.acknowledged(line.ended);
            } else if (line.ended != UNKNOWN) {
                write.endedUnknown(line.ended);
            }
        }
        return register;
    }
}
