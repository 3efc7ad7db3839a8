package io.basalt.meta.service;

import io.basalt.wire.meta.ClientIo;

/// How much is read and written in a second.
///
/// @param reads reads in a second
/// @param writes changes in a second
/// @param readBytes bytes read in a second
/// @param writtenBytes bytes written in a second
public record IoRate(double reads, double writes, double readBytes, double writtenBytes) {
    /// Nothing happens.
    public static final IoRate NONE = new IoRate(0, 0, 0, 0);

    private static final double SECOND_NS = 1e9;

    /// The rate between two counts; [#NONE] if the second is not a later one of the same process.
    static IoRate between(ClientIo before, ClientIo after) {
        final double seconds = (after.atNs() - before.atNs()) / SECOND_NS;
        if (seconds <= 0 || after.reads() < before.reads() || after.writes() < before.writes()) {
            return NONE;
        }
        return new IoRate(
                (after.reads() - before.reads()) / seconds,
                (after.writes() - before.writes()) / seconds,
                Math.max(0, after.readBytes() - before.readBytes()) / seconds,
                Math.max(0, after.writtenBytes() - before.writtenBytes()) / seconds);
    }

    /// Both together.
    public IoRate plus(IoRate other) {
        return new IoRate(
                reads + other.reads,
                writes + other.writes,
                readBytes + other.readBytes,
                writtenBytes + other.writtenBytes);
    }
}
