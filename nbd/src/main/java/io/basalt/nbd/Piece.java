package io.basalt.nbd;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.net.session.BufferPool;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A part of a [Command] as a volume's channel gets it. Preallocated.
final class Piece extends BlockRequest {
    private final Execution owner;
    private final RegionTable table;
    private @Nullable Command command;

    /// Where its content lies in the connection's memory; [BufferPool#NONE] if it has none.
    long buffer = BufferPool.NONE;

    Piece(Execution owner, RegionTable table) {
        super(1);
        this.owner = owner;
        this.table = table;
    }

    /// Become a read or write.
    ///
    /// @param newBuffer with room for `length` bytes
    void transfer(Command newCommand, BlockOperation operation, long offset, int length, long newBuffer) {
        command = newCommand;
        times().clear();
        buffer = newBuffer;
        data().hold(table, TransmissionMemory.REGION, newBuffer, length);
        durable(newCommand.has(NbdSpec.CMD_FLAG_FUA));
        prepare(operation, offset, length, false);
    }

    /// Become anything that has no content.
    void range(Command newCommand, BlockOperation operation, long offset, long length, boolean mayUnmap) {
        command = newCommand;
        times().clear();
        buffer = BufferPool.NONE;
        data().reset(table);
        durable(false);
        prepare(operation, offset, length, mayUnmap);
    }

    Command command() {
        return Objects.requireNonNull(command, "a piece in use has a command");
    }

    @Override
    public void completed(BlockStatus status) {
        owner.completed(this, status);
    }
}
