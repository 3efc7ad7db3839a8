package io.basalt.endtoend.chaos.load;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Writes down what a guest did and saw: a line for each request, when it is over.
///
/// ```
/// # basalt chaos history 1, blocks of 4096 bytes
/// w 1234 10 14 8391 8755 ok 77           a write of block 1234 with stamp 77
/// r 1234 15 16 8760 8841 ok 77           a read that found that in all its sectors
/// r 1234 17 18 8842 8911 ok 77,77,0,...  a read that found different stamps in its sectors
/// w 1234 19 25 8950 9400 lost 78         a write whose answer nobody heard; done by event 25 if ever
/// w 1234 20 - 8951 9401 error 79         a write that was refused; may be done at any time or never
/// ```
///
/// The first two numbers behind the block are invocation and response as numbers of events, in the order in which
/// the guest saw them; the next two the same in microseconds since the load began.
///
/// One thread.
final class HistoryWriter implements Closeable {
    /// How each history begins.
    static final String TITLE = "# basalt chaos history 1, blocks of ";

    private static final long US_NS = 1000;

    private final BufferedWriter out;
    private final long startNs = System.nanoTime();
    private final StringBuilder line = new StringBuilder();
    private long lines;

    HistoryWriter(Path file, int blockBytes) throws IOException {
        out = Files.newBufferedWriter(file, StandardCharsets.US_ASCII);
        out.write(TITLE + blockBytes + " bytes\n");
    }

    /// Lines written.
    long lines() {
        return lines;
    }

    /// A request is over.
    ///
    /// @param endedEvent 0 if nobody knows when it ended
    /// @param outcome ok, lost or error
    /// @param seen stamps of the sectors
    void over(
            RequestKind kind,
            int block,
            long beganEvent,
            long endedEvent,
            long beganNs,
            long endedNs,
            String outcome,
            long[] seen) {
        line.setLength(0);
        line.append(kind.letter()).append(' ').append(block).append(' ').append(beganEvent);
        line.append(' ');
        if (endedEvent == 0) {
            line.append('-');
        } else {
            line.append(endedEvent);
        }
        line.append(' ').append((beganNs - startNs) / US_NS);
        line.append(' ').append((endedNs - startNs) / US_NS);
        line.append(' ').append(outcome).append(' ');
        stamps(seen);
        line.append('\n');
        try {
            out.append(line);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        lines++;
    }

    private void stamps(long[] seen) {
        boolean same = true;
        for (final long each : seen) {
            same &= each == seen[0];
        }
        line.append(seen[0]);
        for (int sector = 1; sector < seen.length && !same; sector++) {
            line.append(',').append(seen[sector]);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
