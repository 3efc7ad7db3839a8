package io.basalt.simulation;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.simulation.check.RegisterHistory;
import java.util.ArrayList;
import java.util.List;

/// One place in a guest's queue: a request that is used again and again, with what the oracle knows of it.
final class GuestRequest extends BlockRequest {
    private static final int ENTRIES = 4;

    private final Guest guest;
    final int slot;

    /// The reactor that it goes through.
    final int way;

    final List<RegisterHistory.Operation> registers = new ArrayList<>();

    /// What further executions of the same change would be, should it meet changes of another reactor.
    final List<RegisterHistory.Operation> echoes = new ArrayList<>();

    long number;
    long beganAt;
    long beganNs;

    /// Of the gate that executes it.
    long tenure;
    long stamp;
    boolean isBusy;

    GuestRequest(Guest guest, int slot, int way) {
        super(ENTRIES);
        this.guest = guest;
        this.slot = slot;
        this.way = way;
    }

    /// Say what is asked; data is added afterwards.
    void ask(BlockOperation operation, long offset, long length, boolean mayUnmap, RegionTable table) {
        prepare(operation, offset, length, mayUnmap);
        data().reset(table);
    }

    /// It goes to the volume, be it once more after the process that had it has died.
    ///
    /// @param tenure of the gate that executes it
    void begins(long tenure) {
        guest.begins(this, tenure);
    }

    boolean isChange() {
        return operation() != BlockOperation.READ && operation() != BlockOperation.FLUSH;
    }

    /// Whether both touch the same blocks and one of them changes them.
    boolean conflictsWith(GuestRequest other) {
        final long first = offset() & -Guest.BLOCK;
        final long otherFirst = other.offset() & -Guest.BLOCK;
        return (isChange() || other.isChange())
                && first < other.offset() + other.length()
                && otherFirst < offset() + length();
    }

    @Override
    public void completed(BlockStatus status) {
        guest.completed(this, status);
    }
}
