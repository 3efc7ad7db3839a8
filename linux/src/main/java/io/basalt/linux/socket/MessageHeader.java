package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A `msghdr` with its iovecs in native memory: what one send or receive of an io_uring gathers or scatters. Made
/// once and filled again for each; allocates nothing. One thread.
public final class MessageHeader {
    private static final long IOV = SocketSpec.offset(SocketSpec.MSGHDR, "msg_iov");
    private static final long IOV_LENGTH = SocketSpec.offset(SocketSpec.MSGHDR, "msg_iovlen");
    private static final long VECTORS = SocketSpec.MSGHDR.byteSize();
    private static final int VECTOR_SHIFT = 4;

    private final MemorySegment memory;
    private final int capacity;
    private int count;

    /// @param capacity most pieces, 1 to 1024
    public MessageHeader(int capacity) {
        assert capacity > 0;
        assert capacity <= 1024;
        this.capacity = capacity;
        memory = Arena.ofAuto().allocate(VECTORS + ((long) capacity << VECTOR_SHIFT), Long.BYTES);
        memory.set(JAVA_LONG, IOV, memory.address() + VECTORS);
    }

    /// Forget all pieces.
    public void clear() {
        count = 0;
        memory.set(JAVA_LONG, IOV_LENGTH, 0L);
    }

    /// Append a piece of memory.
    ///
    /// @param address valid until the request has completed
    public void add(long address, long length) {
        assert count < capacity;
        final long at = VECTORS + ((long) count << VECTOR_SHIFT);
        memory.set(JAVA_LONG, at, address);
        memory.set(JAVA_LONG, at + Long.BYTES, length);
        count++;
        memory.set(JAVA_LONG, IOV_LENGTH, (long) count);
    }

    /// How many pieces there are.
    public int count() {
        return count;
    }

    /// Most pieces.
    public int capacity() {
        return capacity;
    }

    /// Where the `msghdr` is; valid while this object is reachable.
    public long address() {
        return memory.address();
    }
}
