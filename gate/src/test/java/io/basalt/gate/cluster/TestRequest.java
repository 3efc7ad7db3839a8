package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import org.jspecify.annotations.Nullable;

/// A request of a test, which remembers how it ended.
final class TestRequest extends BlockRequest {
    static final int ENTRIES = 2100;

    int completions;

    @Nullable
    BlockStatus status;

    TestRequest() {
        super(ENTRIES);
    }

    /// Begin a request whose data lies in one piece.
    TestRequest of(BlockOperation operation, long offset, int length, RegionTable table, long memoryOffset) {
        empty(operation, offset, length, table);
        if (operation == BlockOperation.READ || operation == BlockOperation.WRITE) {
            data().add(0, memoryOffset, length);
        }
        return this;
    }

    /// Begin a request whose data is added by the caller.
    TestRequest empty(BlockOperation operation, long offset, long length, RegionTable table) {
        prepare(operation, offset, length, true);
        data().reset(table);
        status = null;
        completions = 0;
        return this;
    }

    boolean isDone() {
        return status != null;
    }

    /// Submit, and take the answer as it comes, at once or later.
    TestRequest submitTo(ClusterChannel channel) {
        final BlockStatus answer = channel.submit(this);
        if (answer != BlockStatus.PENDING) {
            completed(answer);
        }
        return this;
    }

    @Override
    public void completed(BlockStatus newStatus) {
        status = newStatus;
        completions++;
    }
}
