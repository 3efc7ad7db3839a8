package io.basalt.linux.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;

/// The kernel's io_uring interface: opcodes, flags and layouts, in the kernel's spelling.
///
/// Holds only what the kernel says, as of Linux 6.18; [IoUring] asks the running kernel which of it exists
/// there.
public final class UringSpec {
    public static final int IORING_OP_NOP = 0;
    public static final int IORING_OP_READV = 1;
    public static final int IORING_OP_WRITEV = 2;
    public static final int IORING_OP_FSYNC = 3;
    public static final int IORING_OP_READ_FIXED = 4;
    public static final int IORING_OP_WRITE_FIXED = 5;
    public static final int IORING_OP_POLL_ADD = 6;
    public static final int IORING_OP_SENDMSG = 9;
    public static final int IORING_OP_RECVMSG = 10;
    public static final int IORING_OP_ACCEPT = 13;
    public static final int IORING_OP_ASYNC_CANCEL = 14;
    public static final int IORING_OP_CONNECT = 16;
    public static final int IORING_OP_FALLOCATE = 17;
    public static final int IORING_OP_READ = 22;
    public static final int IORING_OP_WRITE = 23;
    public static final int IORING_OP_SEND = 26;
    public static final int IORING_OP_RECV = 27;
    public static final int IORING_OP_URING_CMD = 46;
    public static final int IORING_OP_READV_FIXED = 60;
    public static final int IORING_OP_WRITEV_FIXED = 61;

    /// Command of a block device ([#IORING_OP_URING_CMD]): forget a range.
    public static final int BLOCK_URING_CMD_DISCARD = 0x1200;

    public static final int IOSQE_FIXED_FILE = 1;

    /// Flag of a write: its data is durable when it completes, as with `O_DSYNC`.
    public static final int RWF_DSYNC = 2;

    public static final int IOSQE_IO_LINK = 1 << 2;

    public static final int IORING_SETUP_CQSIZE = 1 << 3;
    public static final int IORING_SETUP_CLAMP = 1 << 4;
    public static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
    public static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;
    public static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    public static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    public static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;

    public static final int IORING_FEAT_SINGLE_MMAP = 1;
    public static final int IORING_FEAT_NODROP = 1 << 1;
    public static final int IORING_FEAT_EXT_ARG = 1 << 8;

    public static final int IORING_ENTER_GETEVENTS = 1;
    public static final int IORING_ENTER_EXT_ARG = 1 << 3;
    public static final int IORING_ENTER_REGISTERED_RING = 1 << 4;

    public static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;
    public static final int IORING_SQ_TASKRUN = 1 << 2;

    public static final int IORING_CQE_F_MORE = 1 << 1;
    public static final int IORING_CQE_F_SOCK_NONEMPTY = 1 << 2;

    public static final int IORING_RECVSEND_POLL_FIRST = 1;

    public static final int IORING_FSYNC_DATASYNC = 1;
    public static final int IORING_POLL_ADD_MULTI = 1;

    public static final int POLLIN = 0x1;
    public static final int POLLOUT = 0x4;
    public static final int POLLERR = 0x8;
    public static final int POLLHUP = 0x10;

    public static final int IORING_REGISTER_EVENTFD = 4;
    public static final int IORING_UNREGISTER_EVENTFD = 5;
    public static final int IORING_REGISTER_FILES_UPDATE = 6;
    public static final int IORING_REGISTER_PROBE = 8;
    public static final int IORING_REGISTER_FILES2 = 13;
    public static final int IORING_REGISTER_BUFFERS2 = 15;
    public static final int IORING_REGISTER_BUFFERS_UPDATE = 16;
    public static final int IORING_REGISTER_IOWQ_AFF = 17;
    public static final int IORING_UNREGISTER_IOWQ_AFF = 18;
    public static final int IORING_REGISTER_IOWQ_MAX_WORKERS = 19;
    public static final int IORING_REGISTER_RING_FDS = 20;
    public static final int IORING_UNREGISTER_RING_FDS = 21;
    public static final int IORING_RSRC_REGISTER_SPARSE = 1;
    public static final int IO_URING_OP_SUPPORTED = 1;

    public static final long IORING_OFF_SQ_RING = 0;
    public static final long IORING_OFF_SQES = 0x10000000L;

    /// One submission queue entry, with the names of the union members that this project uses.
    ///
    /// ```
    ///  0        1        2        4            8           16           24       28       32
    ///  +--------+--------+--------+------------+------------+------------+--------+--------+
    ///  | opcode | flags  | ioprio | fd         | off        | addr       | len    | rw_flg |
    ///  +--------+--------+--------+------------+------------+------------+--------+--------+
    /// 32                40       42           44           48           56                64
    ///  +-----------------+--------+------------+------------+------------+-----------------+
    ///  | user_data       | buf_ix | personality| file_index | addr3      | (zero)          |
    ///  +-----------------+--------+------------+------------+------------+-----------------+
    /// ```
    static final StructLayout SQE = MemoryLayout.structLayout(
                    JAVA_BYTE.withName("opcode"),
                    JAVA_BYTE.withName("flags"),
                    JAVA_SHORT.withName("ioprio"),
                    JAVA_INT.withName("fd"),
                    JAVA_LONG.withName("off"),
                    JAVA_LONG.withName("addr"),
                    JAVA_INT.withName("len"),
                    JAVA_INT.withName("rw_flags"),
                    JAVA_LONG.withName("user_data"),
                    JAVA_SHORT.withName("buf_index"),
                    JAVA_SHORT.withName("personality"),
                    JAVA_INT.withName("file_index"),
                    JAVA_LONG.withName("addr3"),
                    MemoryLayout.paddingLayout(8))
            .withName("io_uring_sqe");

    /// One completion queue entry: the request's user data, its result or `-errno`, and `IORING_CQE_F_*` flags.
    static final StructLayout CQE = MemoryLayout.structLayout(
                    JAVA_LONG.withName("user_data"), JAVA_INT.withName("res"), JAVA_INT.withName("flags"))
            .withName("io_uring_cqe");

    private static final StructLayout SQ_OFFSETS = MemoryLayout.structLayout(
                    JAVA_INT.withName("head"),
                    JAVA_INT.withName("tail"),
                    JAVA_INT.withName("ring_mask"),
                    JAVA_INT.withName("ring_entries"),
                    JAVA_INT.withName("flags"),
                    JAVA_INT.withName("dropped"),
                    JAVA_INT.withName("array"),
                    MemoryLayout.paddingLayout(12))
            .withName("io_sqring_offsets");

    private static final StructLayout CQ_OFFSETS = MemoryLayout.structLayout(
                    JAVA_INT.withName("head"),
                    JAVA_INT.withName("tail"),
                    JAVA_INT.withName("ring_mask"),
                    JAVA_INT.withName("ring_entries"),
                    JAVA_INT.withName("overflow"),
                    JAVA_INT.withName("cqes"),
                    JAVA_INT.withName("flags"),
                    MemoryLayout.paddingLayout(12))
            .withName("io_cqring_offsets");

    /// What `io_uring_setup` is asked and answers.
    static final StructLayout PARAMS = MemoryLayout.structLayout(
                    JAVA_INT.withName("sq_entries"),
                    JAVA_INT.withName("cq_entries"),
                    JAVA_INT.withName("flags"),
                    JAVA_INT.withName("sq_thread_cpu"),
                    JAVA_INT.withName("sq_thread_idle"),
                    JAVA_INT.withName("features"),
                    JAVA_INT.withName("wq_fd"),
                    MemoryLayout.paddingLayout(12),
                    SQ_OFFSETS.withName("sq_off"),
                    CQ_OFFSETS.withName("cq_off"))
            .withName("io_uring_params");

    /// The extended argument of `io_uring_enter`: a pointer to the bound on the wait.
    static final StructLayout GETEVENTS_ARG = MemoryLayout.structLayout(
                    JAVA_LONG.withName("sigmask"),
                    JAVA_INT.withName("sigmask_sz"),
                    MemoryLayout.paddingLayout(4),
                    JAVA_LONG.withName("ts"))
            .withName("io_uring_getevents_arg");

    static final StructLayout TIMESPEC = MemoryLayout.structLayout(
                    JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"))
            .withName("__kernel_timespec");

    static final StructLayout RSRC_REGISTER = MemoryLayout.structLayout(
                    JAVA_INT.withName("nr"),
                    JAVA_INT.withName("flags"),
                    JAVA_LONG.withName("resv2"),
                    JAVA_LONG.withName("data"),
                    JAVA_LONG.withName("tags"))
            .withName("io_uring_rsrc_register");

    static final StructLayout RSRC_UPDATE = MemoryLayout.structLayout(
                    JAVA_INT.withName("offset"), JAVA_INT.withName("resv"), JAVA_LONG.withName("data"))
            .withName("io_uring_rsrc_update");

    static final StructLayout RSRC_UPDATE2 = MemoryLayout.structLayout(
                    JAVA_INT.withName("offset"),
                    JAVA_INT.withName("resv"),
                    JAVA_LONG.withName("data"),
                    JAVA_LONG.withName("tags"),
                    JAVA_INT.withName("nr"),
                    JAVA_INT.withName("resv2"))
            .withName("io_uring_rsrc_update2");

    static final StructLayout PROBE_OP = MemoryLayout.structLayout(
                    JAVA_BYTE.withName("op"),
                    JAVA_BYTE.withName("resv"),
                    JAVA_SHORT.withName("flags"),
                    JAVA_INT.withName("resv2"))
            .withName("io_uring_probe_op");

    /// The head of the answer to a probe; [#PROBE_OP]s follow.
    static final StructLayout PROBE = MemoryLayout.structLayout(
                    JAVA_BYTE.withName("last_op"),
                    JAVA_BYTE.withName("ops_len"),
                    JAVA_SHORT.withName("resv"),
                    MemoryLayout.paddingLayout(12))
            .withName("io_uring_probe");

    /// One element of a scatter-gather list.
    static final StructLayout IOVEC = MemoryLayout.structLayout(
                    JAVA_LONG.withName("iov_base"), JAVA_LONG.withName("iov_len"))
            .withName("iovec");

    static {
        assert SQE.byteSize() == 64;
        assert offset(SQE, "fd") == 4;
        assert offset(SQE, "off") == 8;
        assert offset(SQE, "addr") == 16;
        assert offset(SQE, "len") == 24;
        assert offset(SQE, "rw_flags") == 28;
        assert offset(SQE, "user_data") == 32;
        assert offset(SQE, "buf_index") == 40;
        assert CQE.byteSize() == 16;
        assert PARAMS.byteSize() == 120;
        assert PARAMS.byteOffset(PathElement.groupElement("sq_off")) == 40;
        assert PARAMS.byteOffset(PathElement.groupElement("cq_off")) == 80;
    }

    private UringSpec() {}

    static long offset(StructLayout layout, String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }
}
