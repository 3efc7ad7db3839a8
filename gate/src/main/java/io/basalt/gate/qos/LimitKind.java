package io.basalt.gate.qos;

/// What is limited: requests or bytes, of reads, of writes, or of both together.
///
/// What is no read is a write: a flush, a discard and a write of zeroes too. These move no data, so they cost one
/// request and no bytes; for nothing they would let a guest keep a gate busy.
public enum LimitKind {
    /// All requests.
    RW_IOS("rw_ios", true, true, false),
    /// Reads.
    R_IOS("r_ios", true, false, false),
    /// Requests that are no reads.
    W_IOS("w_ios", false, true, false),
    /// Bytes of reads and writes.
    RW_BYTES("rw_mbytes", true, true, true),
    /// Bytes read.
    R_BYTES("r_mbytes", true, false, true),
    /// Bytes written.
    W_BYTES("w_mbytes", false, true, true);

    /// The unit of limits of bytes that operators see, as SPDK's: MiB.
    private static final long MIB = 1 << 20;

    private final String word;
    private final boolean reads;
    private final boolean writes;
    private final boolean bytes;

    LimitKind(String word, boolean reads, boolean writes, boolean bytes) {
        this.word = word;
        this.reads = reads;
        this.writes = writes;
        this.bytes = bytes;
    }

    /// How parameters and metrics begin that are about it.
    public String word() {
        return word;
    }

    /// Bytes or requests in one of the units that operators see.
    public long unit() {
        return bytes ? MIB : 1;
    }

    boolean reads() {
        return reads;
    }

    boolean writes() {
        return writes;
    }

    /// Whether bytes are counted, not requests.
    public boolean bytes() {
        return bytes;
    }
}
