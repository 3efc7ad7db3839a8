package io.basalt.store;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.VolumeChannel;

/// A request that remembers how it ended, and fails the test if it ends twice or from inside `submit`.
public final class TestRequest extends BlockRequest {
    /// Most pieces.
    public static final int PIECE_COUNT_MAX = 1024;

    private BlockStatus status = BlockStatus.OK;
    private boolean submitting;
    private Runnable onEnd = () -> {};

    public TestRequest() {
        super(PIECE_COUNT_MAX);
    }

    /// Set what is asked; the data vector is the caller's to fill.
    public TestRequest ask(BlockOperation operation, long offset, long length) {
        return ask(operation, offset, length, false);
    }

    public TestRequest ask(BlockOperation operation, long offset, long length, boolean mayUnmap) {
        assert status != BlockStatus.PENDING;
        prepare(operation, offset, length, mayUnmap);
        return this;
    }

    /// One piece of data.
    public TestRequest piece(TestMemory memory, int region, long offset, int length) {
        data().reset(memory.table());
        data().add(region, offset, length);
        return this;
    }

    public TestRequest onEnd(Runnable action) {
        onEnd = action;
        return this;
    }

    public BlockStatus submit(VolumeChannel channel) {
        submitting = true;
        status = BlockStatus.PENDING;
        final BlockStatus answer = channel.submit(this);
        submitting = false;
        status = answer;
        return answer;
    }

    public BlockStatus status() {
        return status;
    }

    public boolean ended() {
        return status != BlockStatus.PENDING;
    }

    @Override
    public void completed(BlockStatus result) {
        if (submitting) {
            throw new AssertionError("completed from inside submit");
        }
        if (status != BlockStatus.PENDING || result == BlockStatus.PENDING) {
            throw new AssertionError("completed with " + result + " while " + status);
        }
        status = result;
        onEnd.run();
    }
}
