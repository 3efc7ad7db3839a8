package io.basalt.wire.meta;

/// How much a device has done for gates since its chunk server began: totals, so that a lost report loses nothing.
///
/// @param atNs instant of the count, by the chunk server's own clock: rates are differences of counts over
///     differences of this
/// @param reads reads answered with data
/// @param writes changes acknowledged: writes, discards, zeroes
/// @param readBytes data of those reads
/// @param writtenBytes data of those writes
public record ClientIo(long atNs, long reads, long writes, long readBytes, long writtenBytes) {
    /// Nothing yet.
    public static final ClientIo NONE = new ClientIo(0, 0, 0, 0, 0);

    static final int BYTES = 5 * 8;

    void write(FieldWriter writer) {
        writer.putLong(atNs).putLong(reads).putLong(writes).putLong(readBytes).putLong(writtenBytes);
    }

    static ClientIo read(FieldReader reader) {
        return new ClientIo(
                reader.takeLong("io instant"),
                reader.takeLong("reads", 0, Long.MAX_VALUE),
                reader.takeLong("writes", 0, Long.MAX_VALUE),
                reader.takeLong("read bytes", 0, Long.MAX_VALUE),
                reader.takeLong("written bytes", 0, Long.MAX_VALUE));
    }
}
