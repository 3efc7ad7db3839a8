package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.SECTOR_BYTES;

import io.basalt.block.RegionTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A request with memory of its own, whose sectors carry the number of the piece that wrote them.
final class ModelRequest extends StoreRequest {
    interface Listener {
        void ended(ModelRequest request, StoreStatus status);
    }

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int GAP = 64;

    private Listener listener;
    private final Listener usual;
    private final MemorySegment memory;
    private final RegionTable table;

    /// What it is in the model.
    final List<ModelPiece> pieces = new ArrayList<>();

    ModelShard shard = new ModelShard(1, 0, 1);
    ModelShard.Sight sight = shard.sight(0, 0);
    int acknowledgedBefore;
    boolean underWay;

    /// The shard may be forgotten because of it.
    boolean forgets;

    ModelRequest(int shardBytes, Listener listener) {
        super(2 * shardBytes / SECTOR_BYTES, shardBytes / BLOCK_BYTES);
        this.listener = listener;
        usual = listener;
        memory = Arena.ofAuto().allocate(2L * shardBytes + (long) GAP * (shardBytes / SECTOR_BYTES), BLOCK_BYTES);
        table = new RegionTable(List.of(memory));
    }

    /// Tells somebody else how it ends, once.
    ModelRequest listening(Listener other) {
        listener = other;
        underWay = true;
        return this;
    }

    /// Spread the data over memory: in one piece, or in sectors, with gaps.
    void spread(int length, RandomGenerator random) {
        data().reset(table);
        if (random.nextInt(4) != 0) {
            data().add(0, 0, length);
            return;
        }
        final int grain = SECTOR_BYTES << random.nextInt(4);
        long at = 0;
        for (int left = length; left > 0; left -= grain) {
            data().add(0, at, Math.min(left, grain));
            at += grain + GAP;
        }
    }

    /// Fill the data of a piece with its number.
    void fill(ModelPiece piece) {
        for (int i = 0; i < piece.sectorCount; i++) {
            final int inRange = (piece.firstSector + i) * SECTOR_BYTES - offset();
            final long at = place(inRange);
            memory.asSlice(at, SECTOR_BYTES).fill((byte) piece.number);
            memory.set(LONG, at, piece.number);
            memory.set(LONG, at + SECTOR_BYTES - 8, piece.number);
        }
    }

    void wipe() {
        for (int i = 0; i < data().count(); i++) {
            data().segment(i).asSlice(data().offset(i), data().length(i)).fill((byte) 0xEE);
        }
    }

    /// The value that a sector of the range holds.
    long value(int inRange) {
        final long at = place(inRange);
        final long value = memory.get(LONG, at);
        if (value != memory.get(LONG, at + SECTOR_BYTES - 8)) {
            throw new AssertionError("sector holds " + value + " and " + memory.get(LONG, at + SECTOR_BYTES - 8));
        }
        return value;
    }

    private long place(int inRange) {
        int skip = inRange;
        int entry = 0;
        while (skip >= data().length(entry)) {
            skip -= data().length(entry);
            entry++;
        }
        return data().offset(entry) + skip;
    }

    @Override
    public void completed(StoreStatus result) {
        if (!underWay) {
            throw new AssertionError("a request was completed that is not under way");
        }
        underWay = false;
        final Listener told = listener;
        listener = usual;
        told.ended(this, result);
    }
}
