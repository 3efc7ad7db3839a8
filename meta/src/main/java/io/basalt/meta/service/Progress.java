package io.basalt.meta.service;

import io.basalt.wire.meta.RepairReport;

/// How far a copy is that is being brought in sync, by what its primary has said, and how fast.
///
/// A comparison that was broken off begins anew: then what is done falls, and what was moved adds up.
///
/// @param shardsDone shards compared
/// @param shardsTotal shards to compare in all
/// @param bytes moved since the copy is known not to be in sync
/// @param bytesBefore of that, moved by comparisons that were broken off
/// @param sinceMs when the present comparison was heard of first, milliseconds since 1970
/// @param atMs when this was heard
/// @param doneAtFirst shards that were compared when it was heard of first
public record Progress(
        int shardsDone, int shardsTotal, long bytes, long bytesBefore, long sinceMs, long atMs, int doneAtFirst) {
    /// Nothing was heard.
    public static final Progress NONE = new Progress(0, 0, 0, 0, 0, 0, 0);

    /// Whether something was heard.
    public boolean known() {
        return atMs > 0;
    }

    /// The same, after another report.
    Progress heard(RepairReport.Progress report, long nowMs) {
        final boolean anew = !known() || report.shardsDone() < shardsDone || report.bytes() < bytes - bytesBefore;
        final long before = anew ? bytes : bytesBefore;
        return new Progress(
                report.shardsDone(),
                report.shardsTotal(),
                before + report.bytes(),
                before,
                anew ? nowMs : sinceMs,
                nowMs,
                anew ? report.shardsDone() : doneAtFirst);
    }

    /// Bytes moved in a second, on average of the present comparison; 0 if not known.
    public long bytesPerSecond() {
        return atMs > sinceMs ? (bytes - bytesBefore) * 1000 / (atMs - sinceMs) : 0;
    }

    /// How long the rest takes if it goes on like this, in milliseconds; -1 if not known.
    public long etaMs() {
        final int done = shardsDone - doneAtFirst;
        return done <= 0 || atMs <= sinceMs
                ? -1
                : (long) ((double) (atMs - sinceMs) * (shardsTotal - shardsDone) / done);
    }
}
