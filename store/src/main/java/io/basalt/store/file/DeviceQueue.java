package io.basalt.store.file;

import io.basalt.reactor.Reactor;

/// Where one channel queues its operations on the file: the reactor's io_uring in production.
///
/// Every operation carries a token and is answered by exactly one [Completion#completed], from a later poll of the
/// reactor. Each method answers false, and nothing is queued, when there is no room now. One owner reactor.
interface DeviceQueue {
    /// What is told of an operation's end.
    interface Completion {
        /// The operation has ended.
        ///
        /// @param result bytes done, 0, or a negative errno
        void completed(int token, int result);
    }

    /// How a channel gets its queue. Called in the reactor's thread.
    interface Source {
        DeviceQueue open(Reactor reactor, int fd, Completion completion);
    }

    /// No registered buffer.
    int NO_BUFFER = -1;

    /// pread(2) into memory of this process.
    ///
    /// @param buffer number of the registered buffer that holds the memory, or [#NO_BUFFER]
    boolean read(long address, int length, long offset, int buffer, int token);

    /// pwrite(2), as [#read].
    ///
    /// @param durable whether the data must be on stable storage when the write ends
    boolean write(long address, int length, long offset, int buffer, boolean durable, int token);

    /// preadv(2).
    ///
    /// @param iovecs address of `count` iovecs, unchanged until the operation ends
    /// @param buffer number of the one registered buffer that holds all the memory, or [#NO_BUFFER]
    boolean readVector(long iovecs, int count, long offset, int buffer, int token);

    /// pwritev(2), as [#readVector] and [#write].
    boolean writeVector(long iovecs, int count, long offset, int buffer, boolean durable, int token);

    /// fdatasync(2).
    boolean sync(int token);

    /// fallocate(2).
    boolean allocate(int mode, long offset, long length, int token);

    /// The block device's discard.
    boolean discard(long offset, long length, int token);

    /// The registration of requests' memory on this reactor.
    FixedBuffers buffers();

    /// Whether vectors can be read and written through registered buffers.
    boolean fixedVectors();

    /// Nothing is in flight: let go.
    void close();
}
