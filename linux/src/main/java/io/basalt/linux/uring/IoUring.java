package io.basalt.linux.uring;

import io.basalt.linux.Errno;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.List;

/// One io_uring: a thread's queue of requests to the kernel and of their completions.
///
/// ```
///  prepare*() ──▶ submission queue ──enter()──▶ kernel ──enter()──▶ completion queue ──▶ completion*(i)
/// ```
///
/// **Thread.** Everything is called by the platform thread that created the ring. The kernel enforces it
/// (`SINGLE_ISSUER`): other threads get `-EEXIST`.
///
/// **When completions appear.** The ring is set up with `DEFER_TASKRUN` where the kernel has it (6.1):
/// completions then become visible *only inside* [#enter]. Looking at [#completionCount] alone would wait for
/// ever; [#needsEnter] tells when the kernel has work that only an enter runs.
///
/// **Memory.** Nothing after creation allocates, except the registrations. Addresses handed over stay valid
/// until the completion has been reaped, which is the caller's affair.
///
/// | field | who writes | how it is read | how it is written |
/// |---|---|---|---|
/// | SQ entry, CQ entry | ring owner, kernel | plain | plain |
/// | SQ tail | ring owner | by the kernel | release, after the entries |
/// | SQ head | kernel, in enter only | acquire | |
/// | SQ flags | kernel, any time | acquire | |
/// | CQ tail | kernel, any time | acquire, before the entries | |
/// | CQ head | ring owner | by the kernel | release, after the entries have been read |
public final class IoUring implements AutoCloseable {
    /// A wait without bound.
    public static final long NO_TIMEOUT = -1;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final VarHandle SHARED_INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private static final long SQE_BYTES = 64;
    private static final long RW_FLAGS = UringSpec.offset(UringSpec.SQE, "rw_flags");
    private static final long ADDR3 = UringSpec.offset(UringSpec.SQE, "addr3");
    private static final int CQE_SHIFT = 4;
    private static final long CQE_RES = 8;
    private static final long CQE_FLAGS = 12;
    private static final int PRIORITY_SHIFT = 8;
    private static final long NS_PER_S = 1_000_000_000L;

    private static final int WORK_FOR_ENTER = UringSpec.IORING_SQ_TASKRUN | UringSpec.IORING_SQ_CQ_OVERFLOW;

    private final Thread owner = Thread.currentThread();
    private final RingMemory ring;
    private final RingRegistry registry;
    private final MemorySegment rings;
    private final MemorySegment sqes;
    private final int sqEntries;
    private final int sqMask;
    private final int cqMask;
    private final int enterFd;
    private final int enterFlags;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment timespec = arena.allocate(UringSpec.TIMESPEC);
    private final MemorySegment waitArgument = arena.allocate(UringSpec.GETEVENTS_ARG);

    private int sqHead;
    private int sqTail;
    private int cqHead;
    private boolean closed;

    private IoUring(RingMemory ring) {
        this.ring = ring;
        this.registry = new RingRegistry(ring.descriptor.number());
        this.rings = ring.rings.segment();
        this.sqes = ring.entries.segment();
        this.sqEntries = ring.sqEntries;
        this.sqMask = ring.sqEntries - 1;
        this.cqMask = ring.cqEntries - 1;
        final boolean registered = registry.ring() >= 0;
        this.enterFd = registered ? registry.ring() : ring.descriptor.number();
        this.enterFlags = UringSpec.IORING_ENTER_GETEVENTS | (registered ? UringSpec.IORING_ENTER_REGISTERED_RING : 0);
        waitArgument.set(ValueLayout.JAVA_LONG, UringSpec.offset(UringSpec.GETEVENTS_ARG, "ts"), timespec.address());
        // The kernel reads entry numbers from an array; the identity makes position and entry one and the same.
        for (int i = 0; i < sqEntries; i++) {
            rings.set(INT, ring.sqArray + (long) i * Integer.BYTES, i);
        }
    }

    /// Creates a ring that belongs to the calling thread, which must be a platform thread.
    ///
    /// @param entries the submission queue's size, 1 to 32768; rounded up to a power of two. The completion
    ///     queue has four times as many
    /// @throws io.basalt.linux.LinuxException if the kernel has no io_uring, forbids it, or is older than 5.11
    public static IoUring create(int entries) {
        return create(entries, RingMemory.KINDS);
    }

    /// A ring of the first of the given kinds (`IORING_SETUP_*`) that the kernel grants.
    static IoUring create(int entries, List<Integer> kinds) {
        assert !Thread.currentThread().isVirtual();
        return new IoUring(RingMemory.open(entries, kinds));
    }

    // ---- submission ----

    /// Queues a read into memory. `offset` in bytes; -1 reads at the file's position.
    ///
    /// As every `prepare` method: `fd` is a descriptor, or a registered file's slot with `IOSQE_FIXED_FILE` in
    /// `sqeFlags`; nothing reaches the kernel before [#enter]; `userData` comes back in the completion.
    ///
    /// @return false, and nothing is queued, if the submission queue is full
    public boolean prepareRead(int fd, long address, int length, long offset, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_READ, sqeFlags, fd, offset, address, length, 0, userData, 0);
    }

    /// Queues a write from memory.
    public boolean prepareWrite(int fd, long address, int length, long offset, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_WRITE, sqeFlags, fd, offset, address, length, 0, userData, 0);
    }

    /// Queues a read into a part of a registered buffer.
    ///
    /// @param address inside the buffer registered in slot `bufferIndex`, as an address of this process
    public boolean prepareReadFixed(
            int fd, long address, int length, long offset, int bufferIndex, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_READ_FIXED, sqeFlags, fd, offset, address, length, 0, userData, bufferIndex);
    }

    /// Queues a write from a part of a registered buffer.
    public boolean prepareWriteFixed(
            int fd, long address, int length, long offset, int bufferIndex, int sqeFlags, long userData) {
        return prepare(
                UringSpec.IORING_OP_WRITE_FIXED, sqeFlags, fd, offset, address, length, 0, userData, bufferIndex);
    }

    /// Queues a read into several pieces of memory.
    ///
    /// @param iovecAddress of `iovecCount` native iovecs (address, length; 8 bytes each), valid until [#enter]
    ///     returns
    public boolean prepareReadv(int fd, long iovecAddress, int iovecCount, long offset, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_READV, sqeFlags, fd, offset, iovecAddress, iovecCount, 0, userData, 0);
    }

    /// Queues a write from several pieces of memory.
    public boolean prepareWritev(int fd, long iovecAddress, int iovecCount, long offset, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_WRITEV, sqeFlags, fd, offset, iovecAddress, iovecCount, 0, userData, 0);
    }

    /// Queues a read into several pieces of one registered buffer. Only if the kernel [#supports] `READV_FIXED`
    /// (6.15).
    public boolean prepareReadvFixed(
            int fd, long iovecAddress, int iovecCount, long offset, int bufferIndex, int sqeFlags, long userData) {
        assert supports(UringSpec.IORING_OP_READV_FIXED);
        return prepare(
                UringSpec.IORING_OP_READV_FIXED,
                sqeFlags,
                fd,
                offset,
                iovecAddress,
                iovecCount,
                0,
                userData,
                bufferIndex);
    }

    /// Queues a write from several pieces of one registered buffer. Only if the kernel [#supports]
    /// `WRITEV_FIXED` (6.15).
    public boolean prepareWritevFixed(
            int fd, long iovecAddress, int iovecCount, long offset, int bufferIndex, int sqeFlags, long userData) {
        assert supports(UringSpec.IORING_OP_WRITEV_FIXED);
        return prepare(
                UringSpec.IORING_OP_WRITEV_FIXED,
                sqeFlags,
                fd,
                offset,
                iovecAddress,
                iovecCount,
                0,
                userData,
                bufferIndex);
    }

    /// Queues a flush of a file to stable storage; of data and size only if `dataOnly`. Unordered with other
    /// requests.
    public boolean prepareFsync(int fd, boolean dataOnly, int sqeFlags, long userData) {
        final int fsyncFlags = dataOnly ? UringSpec.IORING_FSYNC_DATASYNC : 0;
        return prepare(UringSpec.IORING_OP_FSYNC, sqeFlags, fd, 0, 0, 0, fsyncFlags, userData, 0);
    }

    /// Queues an allocation, a hole or zeroes, by `mode` (`FALLOC_FL_*`), over `length` bytes at `offset`.
    public boolean prepareFallocate(int fd, int mode, long offset, long length, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_FALLOCATE, sqeFlags, fd, offset, length, mode, 0, userData, 0);
    }

    /// Queues that a block device forget `length` bytes at `offset`; what they read as afterwards is the device's
    /// affair. Completes with `-EOPNOTSUPP` if the device cannot, or the kernel is older than 6.12.
    public boolean prepareDiscard(int fd, long offset, long length, int sqeFlags, long userData) {
        if (!prepare(
                UringSpec.IORING_OP_URING_CMD,
                sqeFlags,
                fd,
                UringSpec.BLOCK_URING_CMD_DISCARD,
                offset,
                0,
                0,
                userData,
                0)) {
            return false;
        }
        sqes.set(LONG, (sqTail - 1 & sqMask) * SQE_BYTES + ADDR3, length);
        return true;
    }

    // Sockets are in blocking mode: the ring then waits for them, whereas it answers `-EAGAIN` for nonblocking ones.

    /// Queues the sending of one piece of memory over a connected socket.
    ///
    /// @param messageFlags `MSG_*`; without `MSG_WAITALL` it completes with what found room
    public boolean prepareSend(int fd, long address, int length, int messageFlags, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_SEND, sqeFlags, fd, 0, address, length, messageFlags, userData, 0);
    }

    /// Queues the sending of what a `msghdr` describes.
    ///
    /// @param messageAddress of the `msghdr`, which together with its iovecs is valid until [#enter] returns
    public boolean prepareSendmsg(int fd, long messageAddress, int messageFlags, int sqeFlags, long userData) {
        return prepare(UringSpec.IORING_OP_SENDMSG, sqeFlags, fd, 0, messageAddress, 1, messageFlags, userData, 0);
    }

    /// Queues a receive into one piece of memory. The completion carries `IORING_CQE_F_SOCK_NONEMPTY` if there was
    /// more to receive.
    ///
    /// @param pollFirst waits for the socket to become readable before it looks, for one that is likely empty
    public boolean prepareRecv(int fd, long address, int length, boolean pollFirst, int sqeFlags, long userData) {
        return prepare(
                UringSpec.IORING_OP_RECV, sqeFlags | priority(pollFirst), fd, 0, address, length, 0, userData, 0);
    }

    /// Queues a receive into what a `msghdr` describes; see [#prepareSendmsg] and [#prepareRecv].
    public boolean prepareRecvmsg(int fd, long messageAddress, boolean pollFirst, int sqeFlags, long userData) {
        return prepare(
                UringSpec.IORING_OP_RECVMSG, sqeFlags | priority(pollFirst), fd, 0, messageAddress, 1, 0, userData, 0);
    }

    /// Queues a connection of a socket, which completes with 0 or `-errno`.
    ///
    /// @param socketAddress of a `sockaddr` of `length` bytes, valid until the completion
    public boolean prepareConnect(int fd, long socketAddress, int length, long userData) {
        return prepare(UringSpec.IORING_OP_CONNECT, 0, fd, length, socketAddress, 0, 0, userData, 0);
    }

    /// Queues the taking of one connection from a listening socket, which completes with its descriptor.
    ///
    /// @param socketFlags `SOCK_*` that the new socket gets
    public boolean prepareAccept(int fd, int socketFlags, long userData) {
        return prepare(UringSpec.IORING_OP_ACCEPT, 0, fd, 0, 0, 0, socketFlags, userData, 0);
    }

    /// The request's priority field lies beside its flags; network requests take options there.
    private static int priority(boolean pollFirst) {
        return pollFirst ? UringSpec.IORING_RECVSEND_POLL_FIRST << PRIORITY_SHIFT : 0;
    }

    /// Queues a watch for `events` (`POLL*`), whose completion's result holds the events that occurred.
    ///
    /// @param multishot keeps watching and completes each time, while completions carry `IORING_CQE_F_MORE`;
    ///     [#prepareCancel] ends it, and it
    ///     completes with `-ECANCELED`
    public boolean preparePollAdd(int fd, int events, boolean multishot, long userData) {
        final int mode = multishot ? UringSpec.IORING_POLL_ADD_MULTI : 0;
        return prepare(UringSpec.IORING_OP_POLL_ADD, 0, fd, 0, 0, mode, events, userData, 0);
    }

    /// Queues the cancellation of a request; completes with 0, `-ENOENT` (not found) or `-EALREADY` (running
    /// already).
    public boolean prepareCancel(long targetUserData, long userData) {
        return prepare(UringSpec.IORING_OP_ASYNC_CANCEL, 0, -1, 0, targetUserData, 0, 0, userData, 0);
    }

    /// Queues a request that does nothing and completes with 0.
    public boolean prepareNop(long userData) {
        return prepare(UringSpec.IORING_OP_NOP, 0, -1, 0, 0, 0, 0, userData, 0);
    }

    /// Gives the write that was queued last `RWF_*` flags, such as [UringSpec#RWF_DSYNC].
    public void writeFlags(int flags) {
        assert pending() > 0;
        sqes.set(INT, (sqTail - 1 & sqMask) * SQE_BYTES + RW_FLAGS, flags);
    }

    private boolean prepare(
            int opcode,
            int sqeFlags,
            int fd,
            long offset,
            long address,
            int length,
            int operationFlags,
            long userData,
            int bufferIndex) {
        assert inOwner();
        if (sqTail - sqHead == sqEntries) {
            return false;
        }
        final long at = (sqTail & sqMask) * SQE_BYTES;
        final long command = opcode | (long) (sqeFlags & 0xff_ffff) << 8 | (long) fd << 32;
        sqes.set(LONG, at, command);
        sqes.set(LONG, at + 8, offset);
        sqes.set(LONG, at + 16, address);
        sqes.set(LONG, at + 24, (length & 0xffff_ffffL) | (long) operationFlags << 32);
        sqes.set(LONG, at + 32, userData);
        sqes.set(LONG, at + 40, bufferIndex & 0xffffL);
        sqes.set(LONG, at + 48, 0L);
        sqes.set(LONG, at + 56, 0L);
        sqTail++;
        return true;
    }

    /// How many prepared requests the kernel has not taken yet.
    public int pending() {
        return sqTail - sqHead;
    }

    /// The number of requests the submission queue holds at most.
    public int capacity() {
        return sqEntries;
    }

    /// Whether an [#enter] has something to do: requests to submit, or completions that wait in the kernel.
    public boolean needsEnter() {
        return sqTail != sqHead || ((int) SHARED_INT.getAcquire(rings, ring.sqFlags) & WORK_FOR_ENTER) != 0;
    }

    /// Submits everything prepared, runs the kernel's deferred work, and waits for completions if asked to.
    ///
    /// @param minComplete returns only once this many completions are in the queue (0: at once)
    /// @param timeoutNs bounds the wait, in nanoseconds; [#NO_TIMEOUT] (any negative) for no bound
    /// @return how many requests the kernel took (>= 0), or `-errno`. A signal and the end of the time are not
    ///     errors: they answer 0. `-EBUSY` and `-EAGAIN`: reap completions and enter again; nothing is lost
    public int enter(int minComplete, long timeoutNs) {
        assert inOwner();
        assert minComplete >= 0;
        final int submit = sqTail - sqHead;
        SHARED_INT.setRelease(rings, ring.sqTail, sqTail);
        final long result;
        if (minComplete == 0 || timeoutNs < 0) {
            result = Syscall.call(Syscall.IO_URING_ENTER, enterFd, submit, minComplete, enterFlags, 0, 0);
        } else {
            timespec.set(ValueLayout.JAVA_LONG, 0, timeoutNs / NS_PER_S);
            timespec.set(ValueLayout.JAVA_LONG, 8, timeoutNs % NS_PER_S);
            result = Syscall.call(
                    Syscall.IO_URING_ENTER,
                    enterFd,
                    submit,
                    minComplete,
                    enterFlags | UringSpec.IORING_ENTER_EXT_ARG,
                    waitArgument.address(),
                    waitArgument.byteSize());
        }
        sqHead = (int) SHARED_INT.getAcquire(rings, ring.sqHead);
        if (result == -Errno.EINTR || result == -Errno.ETIME) {
            return 0;
        }
        return (int) result;
    }

    // ---- completion ----

    /// How many completions are ready to be read. They keep their places until [#advance].
    public int completionCount() {
        return (int) SHARED_INT.getAcquire(rings, ring.cqTail) - cqHead;
    }

    /// The user data of the `i`-th ready completion, `0 <= i < completionCount()`.
    public long completionUserData(int i) {
        return rings.get(LONG, completion(i));
    }

    /// The result of the `i`-th ready completion: bytes, events or 0, or `-errno`.
    public int completionResult(int i) {
        return rings.get(INT, completion(i) + CQE_RES);
    }

    /// The `IORING_CQE_F_*` flags of the `i`-th ready completion.
    public int completionFlags(int i) {
        return rings.get(INT, completion(i) + CQE_FLAGS);
    }

    /// Gives the places of the first `n` ready completions back to the kernel.
    public void advance(int n) {
        assert inOwner();
        assert n >= 0;
        assert n <= completionCount();
        cqHead += n;
        SHARED_INT.setRelease(rings, ring.cqHead, cqHead);
    }

    private long completion(int i) {
        return ring.cqes + ((long) ((cqHead + i) & cqMask) << CQE_SHIFT);
    }

    // ---- registration and facts: control plane ----

    /// Makes room for `count` registered files, all empty. Once per ring.
    ///
    /// @return 0 or `-errno`: `-EMFILE` above `RLIMIT_NOFILE`
    public int registerFilesSparse(int count) {
        return registry.filesSparse(count);
    }

    /// Puts a descriptor into a file slot, or empties the slot with -1. The ring holds the file, not the
    /// number.
    ///
    /// @return 0 or `-errno`
    public int updateFile(int slot, int fd) {
        return registry.updateFile(slot, fd);
    }

    /// Makes room for `count` registered buffers (at most 16384), all empty. Once per ring.
    ///
    /// @return 0 or `-errno`
    public int registerBuffersSparse(int count) {
        return registry.buffersSparse(count);
    }

    /// Puts memory into a buffer slot and pins it, or empties the slot with length 0.
    ///
    /// @param length in bytes, at most 1 GiB
    /// @return 0 or `-errno`: `-EFAULT` for memory that cannot be pinned or is too long, `-ENOMEM` above
    ///     `RLIMIT_MEMLOCK`
    public int updateBuffer(int slot, long address, long length) {
        return registry.updateBuffer(slot, address, length);
    }

    /// Keeps the kernel's worker threads of this ring on the given processors, off the pinned reactors'; empty
    /// undoes it.
    ///
    /// @return 0 or `-errno`
    public int workerAffinity(BitSet processors) {
        return registry.workerAffinity(processors);
    }

    /// Bounds the kernel's worker threads for file work and for everything else; 0 leaves a bound as it is.
    ///
    /// @return 0 or `-errno`
    public int workersMax(int bounded, int unbounded) {
        return registry.workersMax(bounded, unbounded);
    }

    /// Whether the running kernel knows an opcode (`IORING_OP_*`).
    public boolean supports(int opcode) {
        return registry.supports(opcode);
    }

    /// The `IORING_SETUP_*` bits that this kernel granted.
    int setupFlags() {
        return ring.setupFlags;
    }

    /// Closes the ring; does nothing the second time. Requests in flight are cancelled by the kernel some time
    /// later, so their memory may be unmapped only if they were reaped first.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        assert inOwner();
        closed = true;
        registry.close();
        ring.close();
        arena.close();
    }

    private boolean inOwner() {
        return owner.equals(Thread.currentThread());
    }
}
