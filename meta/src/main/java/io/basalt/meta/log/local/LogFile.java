package io.basalt.meta.log.local;

import java.io.IOException;
import java.nio.ByteBuffer;

/// A file that is only appended to.
interface LogFile extends AutoCloseable {
    /// Write at the end.
    void append(ByteBuffer bytes) throws IOException;

    /// Make everything that was appended survive a power cut (fdatasync).
    void sync() throws IOException;

    /// Bytes in the file.
    long length();

    @Override
    void close() throws IOException;
}
