package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Formatting of one device, step by step: zeros over superblocks, log and pages; the first log block; a
/// flush; the superblocks, which make it a store; a flush.
final class Formatter implements DeviceIo.Owner {
    /// Lsn of the first log block.
    static final long FIRST_LSN = 1;

    private static final long ZERO_BYTES_MAX = 1 << 30;

    private final Volume volume;
    private final FormatListener listener;
    private final OneShotDevice device;
    private final FormatOptions options;
    private final Memory memory = new Memory(1, 1, 1, 1);
    private final DeviceIo io;
    private @Nullable Geometry geometry;
    private int step;
    private long zeroed;

    Formatter(Volume volume, Reactor reactor, FormatOptions options, FormatListener listener) {
        this.volume = volume;
        this.options = options;
        this.listener = listener;
        device = new OneShotDevice(volume, reactor, Durability.FLUSH, memory);
        io = new DeviceIo(device.device(), this, 0, 1);
    }

    void start() {
        device.later(this::plan);
    }

    private void plan() {
        try {
            if (volume.sizeBytes() < Geometry.LOG_OFFSET) {
                throw new IllegalArgumentException("device: " + volume.sizeBytes() + " bytes hold no store");
            }
            geometry = Geometry.plan(volume.sizeBytes(), options);
        } catch (IllegalArgumentException broken) {
            device.close();
            listener.refused(String.valueOf(broken.getMessage()));
            return;
        }
        next();
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        if (status != BlockStatus.OK) {
            device.close();
            listener.refused("device: step " + step + " of formatting failed with " + status + "; check the device");
            return;
        }
        next();
    }

    private void next() {
        final Geometry plan = Objects.requireNonNull(geometry);
        final long toZero = plan.slotsOffset();
        if (zeroed < toZero) {
            final long length = Math.min(ZERO_BYTES_MAX, toZero - zeroed);
            device.device().submit(io.zero(zeroed, length));
            zeroed += length;
            return;
        }
        step++;
        switch (step) {
            case 1 -> writeLog(plan);
            case 2, 5 -> device.device().submit(io.flush());
            case 3, 4 -> {
                Superblock.encode(memory.staging(), plan);
                write(Geometry.superblockOffset(step - 3), Memory.STAGING_REGION);
            }
            default -> {
                device.close();
                listener.formatted();
            }
        }
    }

    private void writeLog(Geometry plan) {
        encodeFirst(memory, new Checksums(), plan, FIRST_LSN, 0, options.replacement());
        write(plan.logOffset(FIRST_LSN), Memory.LOG_REGION);
    }

    /// Make the log block that a log begins with: everything before it is in the pages.
    static void encodeFirst(
            Memory memory, Checksums checksums, Geometry geometry, long lsn, int entriesUsed, boolean incomplete) {
        memory.log().asSlice(0, BLOCK_BYTES).fill((byte) 0);
        final int used = LogLayout.HEADER_BYTES;
        LogLayout.header(memory.log(), 0, geometry, lsn, lsn, lsn, entriesUsed, 0, used, incomplete);
        LogLayout.seal(
                memory.log(),
                0,
                checksums.of(memory.table(), Memory.LOG_REGION, LogLayout.COVERED_FROM, used - LogLayout.COVERED_FROM));
    }

    private void write(long offset, int region) {
        device.device().submit(io.range(true, offset, memory.table(), region, 0, BLOCK_BYTES));
    }
}
