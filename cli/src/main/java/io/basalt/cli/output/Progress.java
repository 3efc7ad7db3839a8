package io.basalt.cli.output;

import io.basalt.cli.ByteSize;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/// The line that tells how far a long job is, drawn over and over on a terminal and nowhere else.
public final class Progress {
    private static final long DRAW_NS = 200_000_000;
    private static final double SECOND_NS = 1e9;
    private static final int BAR = 24;

    private final PrintWriter out;
    private final boolean shown;
    private final LongSupplier clockNs;
    private final long startNs;
    private String what = "";
    private long total;
    private long drawnNs;

    /// @param shown whether anything is drawn at all
    public Progress(PrintWriter out, boolean shown, LongSupplier clockNs) {
        this.out = out;
        this.shown = shown;
        this.clockNs = clockNs;
        startNs = clockNs.getAsLong();
        drawnNs = startNs - DRAW_NS;
    }

    /// A new part begins.
    ///
    /// @param bytes of all of it; negative if that is not known
    public void begin(String part, long bytes) {
        what = part;
        total = bytes;
    }

    /// So far.
    public void at(long bytes) {
        final long nowNs = clockNs.getAsLong();
        if (!shown || nowNs - drawnNs < DRAW_NS) {
            return;
        }
        drawnNs = nowNs;
        out.print("\r\u001b[K" + line(bytes, nowNs));
        out.flush();
    }

    private String line(long bytes, long nowNs) {
        final double seconds = Math.max(1e-3, (nowNs - startNs) / SECOND_NS);
        final double rate = bytes / seconds;
        if (total <= 0) {
            return what + "  " + ByteSize.text(bytes) + "  " + ByteSize.text(rate) + "/s";
        }
        final int filled = Math.clamp(BAR * bytes / total, 0, BAR);
        final String left =
                rate <= 0 ? "" : "  " + Texts.age(Duration.ofSeconds((long) ((total - bytes) / rate))) + " left";
        return String.format(
                Locale.ROOT,
                "%s [%s%s] %3d %%  %s of %s  %s/s%s",
                what,
                "=".repeat(filled),
                " ".repeat(BAR - filled),
                100 * bytes / total,
                ByteSize.text(bytes),
                ByteSize.text(total),
                ByteSize.text(rate),
                left);
    }

    /// Wipe the line.
    public void end() {
        if (shown) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }

    /// How long it took.
    public double seconds() {
        return (clockNs.getAsLong() - startNs) / SECOND_NS;
    }
}
