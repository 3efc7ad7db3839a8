package io.basalt.scsi;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/// One volume as a SCSI disk: the same object for every initiator that has a way to it.
///
/// Concurrency:
///
/// | field | reader | writer |
/// |---|---|---|
/// | identity, block size, abilities | final | - |
/// | blockCount | volatile, once per command | control reactor ([#resize]) |
/// | comparing | atomic, one COMPARE AND WRITE at a time | the reactor that executes it |
/// | nexuses, fences, reservations | control reactor | control reactor |
public final class LogicalUnit {
    private static final VarHandle COMPARING;

    static {
        try {
            COMPARING = MethodHandles.lookup().findVarHandle(LogicalUnit.class, "comparing", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final UnitIdentity identity;
    private final int blockSize;
    private final boolean readOnly;
    private final boolean writeCache;
    private final boolean unmaps;
    private final boolean discards;
    private final boolean zeroes;
    private final Reservations reservations;
    private final List<Nexus> nexuses = new ArrayList<>();
    private final List<TaskFence> fences = new ArrayList<>();
    private volatile long blockCount;

    @SuppressWarnings("unused") // through the handle
    private volatile boolean comparing;

    /// Has every command that has arrived answered.
    @FunctionalInterface
    public interface TaskFence {
        /// Have every command for the unit that has arrived by now answered.
        ///
        /// @param passed run once that is so, on the control reactor
        void fence(LogicalUnit unit, Runnable passed);
    }

    /// @param volume stays the caller's; only asked what it is
    /// @param saved reservations of an earlier life, empty if there are none
    /// @param store keeps reservations
    /// @throws IllegalArgumentException if the volume's size is not whole blocks, or what was saved cannot be read
    public LogicalUnit(Volume volume, UnitIdentity identity, byte[] saved, ReservationStore store) {
        this.identity = identity;
        blockSize = volume.blockSize();
        readOnly = volume.readOnly();
        writeCache = volume.supports(BlockOperation.FLUSH);
        zeroes = volume.supports(BlockOperation.WRITE_ZEROES);
        final boolean zeroesByUnmap = zeroes && volume.zeroesFast(true);
        discards = !zeroesByUnmap && volume.supports(BlockOperation.DISCARD);
        unmaps = zeroesByUnmap || discards;
        blockCount = blocks(volume.sizeBytes());
        reservations = new Reservations(saved, store, nexuses, this::fence);
    }

    private long blocks(long sizeBytes) {
        if (sizeBytes < 0 || sizeBytes % blockSize != 0) {
            throw new IllegalArgumentException(
                    "size of " + identity.name() + ": " + sizeBytes + " is not a number of blocks of " + blockSize);
        }
        return sizeBytes / blockSize;
    }

    UnitIdentity identity() {
        return identity;
    }

    /// Bytes of a block.
    public int blockSize() {
        return blockSize;
    }

    /// Blocks that there are. Any thread.
    public long blockCount() {
        return blockCount;
    }

    boolean readOnly() {
        return readOnly;
    }

    /// Whether writes may be lost with the power before a SYNCHRONIZE CACHE (WCE of the caching mode page). Not
    /// to be changed by initiators: what one has switched off, a restarted device would have to know of.
    boolean writeCache() {
        return writeCache;
    }

    /// Whether blocks can be unmapped.
    boolean unmaps() {
        return unmaps;
    }

    /// Whether unmapped blocks read as zeros (LBPRZ).
    boolean unmapZeroes() {
        return unmaps && !discards;
    }

    /// Whether zeros can be written without sending them.
    boolean zeroes() {
        return zeroes;
    }

    /// The operation that unmaps blocks.
    BlockOperation unmapOperation() {
        return discards ? BlockOperation.DISCARD : BlockOperation.WRITE_ZEROES;
    }

    Reservations reservations() {
        return reservations;
    }

    /// The volume has another size: every initiator is told with its next command. Control reactor.
    ///
    /// @throws IllegalArgumentException if the size is not whole blocks
    public void resize(long sizeBytes) {
        blockCount = blocks(sizeBytes);
        attend(null, Nexus.Attention.CAPACITY_CHANGED);
    }

    /// Have every initiator told of something, except one. Control reactor.
    public void attend(@org.jspecify.annotations.Nullable Nexus except, Nexus.Attention attention) {
        for (final Nexus nexus : nexuses) {
            if (!nexus.equals(except)) {
                nexus.attend(attention);
            }
        }
    }

    /// Another process has served the unit until now. Control reactor.
    ///
    /// @param saved what it has kept of its reservations; empty if nothing
    /// @throws IllegalArgumentException if that cannot be read; what was known stays
    public void reload(byte[] saved) {
        reservations.reload(saved);
    }

    /// Another initiator has a way to the unit. Control reactor.
    ///
    /// @param fence of that way's commands
    public void attach(Nexus nexus, TaskFence fence) {
        nexuses.add(nexus);
        fences.add(fence);
        reservations.enforce();
    }

    /// An initiator's way is gone; its registration stays. Control reactor.
    public void detach(Nexus nexus, TaskFence fence) {
        nexuses.remove(nexus);
        fences.remove(fence);
        reservations.left(nexus);
    }

    /// Whether no initiator has a way to it. Control reactor.
    public boolean isIdle() {
        return nexuses.isEmpty();
    }

    /// The unit is reset by an initiator, whose commands have been answered. Control reactor.
    public void reset() {
        reservations.reset();
        attend(null, Nexus.Attention.BUS_DEVICE_RESET);
    }

    private void fence(Runnable passed) {
        final List<TaskFence> all = List.copyOf(fences);
        final int[] left = {all.size() + 1};
        final Runnable one = () -> {
            left[0]--;
            if (left[0] == 0) {
                passed.run();
            }
        };
        all.forEach(each -> each.fence(this, one));
        one.run();
    }

    /// Become the one COMPARE AND WRITE that is executed.
    boolean beginComparison() {
        return COMPARING.compareAndSet(this, false, true);
    }

    void endComparison() {
        comparing = false;
    }
}
