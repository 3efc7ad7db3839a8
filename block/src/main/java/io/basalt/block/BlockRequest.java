package io.basalt.block;

/// One request to a volume. Preallocated by a front end, which fills it with [#prepare] and gets it back through
/// [#completed]. Between the two it belongs to the volume's channel. Immutable while it is there.
public abstract class BlockRequest {
    private final IoVector data;
    private final StageTimes times = new StageTimes();
    private BlockOperation operation = BlockOperation.READ;
    private long offset;
    private long length;
    private boolean mayUnmap;
    private boolean durable;

    /// @param dataCapacity most scatter-gather entries
    protected BlockRequest(int dataCapacity) {
        data = new IoVector(dataCapacity);
    }

    /// Set what is asked. The data vector is filled apart, before submission.
    ///
    /// @param newOffset first byte on the volume
    /// @param newLength bytes of the range; equals the data vector's bytes for reads and writes, 0 for a flush
    protected final void prepare(BlockOperation newOperation, long newOffset, long newLength, boolean newMayUnmap) {
        // A load and a branch cost less than the collector's store barrier.
        if (operation != newOperation) {
            operation = newOperation;
        }
        offset = newOffset;
        length = newLength;
        mayUnmap = newMayUnmap;
    }

    /// Set whether a write must be durable when it completes (FUA), whatever the volume promises else. Holds for
    /// every write prepared from now on; false at first.
    protected final void durable(boolean newDurable) {
        durable = newDurable;
    }

    /// What is asked.
    public final BlockOperation operation() {
        return operation;
    }

    /// First byte on the volume.
    public final long offset() {
        return offset;
    }

    /// Bytes of the range.
    public final long length() {
        return length;
    }

    /// Whether a [BlockOperation#WRITE_ZEROES] may free the space.
    public final boolean mayUnmap() {
        return mayUnmap;
    }

    /// Whether a [BlockOperation#WRITE] must be durable when it completes.
    public final boolean durable() {
        return durable;
    }

    /// Where the data is to be read from or written to.
    public final IoVector data() {
        return data;
    }

    /// Where it has spent its time: said by the channels on its way, cleared by the front end.
    public final StageTimes times() {
        return times;
    }

    /// The volume is done with a request it answered [BlockStatus#PENDING] for. Called exactly once, from a poll of
    /// the reactor that submitted it, never from inside [VolumeChannel#submit].
    public abstract void completed(BlockStatus status);
}
