package io.basalt.gate.trace;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;

/// A request of a test.
final class TracedRequest extends BlockRequest {
    TracedRequest() {
        super(1);
    }

    TracedRequest of(BlockOperation operation, long offset, long length) {
        prepare(operation, offset, length, false);
        times().clear();
        return this;
    }

    @Override
    public void completed(BlockStatus status) {}
}
