package io.basalt.cli.check;

import io.basalt.cli.check.CopyPlan.Place;
import io.basalt.store.chunk.ShardReader;
import io.basalt.store.chunk.ShardReader.BlockState;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One device of a check: its shards in order, and what was counted on it. Belongs to the check's reactor.
final class CheckedDevice {
    private static final int BLOCK_BYTES = 4096;
    private static final MemorySegment ZEROS =
            MemorySegment.ofArray(new byte[BLOCK_BYTES]).asReadOnly();
    private static final Comparator<Shard> ORDER =
            Comparator.comparingLong(Shard::partId).thenComparingInt(Shard::index);

    private final Path path;
    private final @Nullable UUID named;
    private final List<Shard> shards = new ArrayList<>();
    private @Nullable ShardReader reader;
    private @Nullable Place place;
    private @Nullable UUID uuid;
    private boolean failed;
    private int next;
    private long wrong;
    private long blocks;
    private boolean content;
    private boolean isZero;

    /// A shard as a device lists it.
    record Shard(long partId, int index) implements Comparable<Shard> {
        @Override
        public int compareTo(Shard other) {
            return ORDER.compare(this, other);
        }
    }

    /// @param named an identity to take it for; null for what its superblock says
    CheckedDevice(Path path, @Nullable UUID named) {
        this.path = path;
        this.named = named;
    }

    void reader(ShardReader newReader) {
        reader = newReader;
    }

    ShardReader reader() {
        return Objects.requireNonNull(reader, "the check has begun");
    }

    /// The reader knows what there is.
    void opened(CopyPlan plan) {
        uuid = named == null ? reader().deviceId() : named;
        place = plan.place(uuid);
        reader().forEachShard((partId, index, version, empty) -> shards.add(new Shard(partId, index)));
        shards.sort(ORDER);
    }

    /// It can be read no more.
    void fail() {
        failed = true;
    }

    boolean failed() {
        return failed;
    }

    Path path() {
        return path;
    }

    @Nullable
    UUID uuid() {
        return uuid;
    }

    /// Where the plan has it; null if it does not.
    @Nullable
    Place place() {
        return place;
    }

    /// Whether it is the device of a number.
    boolean is(int deviceId) {
        return place != null && place.deviceId() == deviceId;
    }

    /// As people know it.
    String name() {
        return place == null
                ? path.toString()
                : "device " + place.deviceId() + " on " + place.location().host();
    }

    /// The first shard that was not taken; null at the end.
    @Nullable
    Shard peek() {
        return failed || next == shards.size() ? null : shards.get(next);
    }

    void take() {
        next++;
    }

    int shardCount() {
        return shards.size();
    }

    /// Blocks whose checksum was compared.
    long blocks() {
        return blocks;
    }

    /// What is wrong with this device alone.
    long wrong() {
        return wrong;
    }

    void countWrong() {
        wrong++;
    }

    /// Count the blocks of the shard that was read last.
    ///
    /// @return how many have content
    int countBlocks() {
        int count = 0;
        isZero = !reader().isDamaged();
        for (int block = 0; block < reader().blocks(); block++) {
            count += reader().state(block) == BlockState.NONE ? 0 : 1;
            isZero &= isZero(block);
        }
        blocks += count;
        content = count > 0 || reader().isDamaged();
        return count;
    }

    /// Whether a block of the shard that was read last reads as zeros: it was never written, or with zeros.
    boolean isZero(int block) {
        final BlockState state = block < reader().blocks() ? reader().state(block) : BlockState.NONE;
        if (state != BlockState.GOOD) {
            return state == BlockState.NONE;
        }
        final long from = reader().offset(block);
        return MemorySegment.mismatch(reader().content(), from, from + BLOCK_BYTES, ZEROS, 0, BLOCK_BYTES) < 0;
    }

    /// Whether all of the shard that was read last reads as zeros: a copy that has nothing of it is as good.
    boolean isZero() {
        return isZero;
    }

    /// Whether the shard that was read last has, or may have had, any content.
    boolean hasContent() {
        return content;
    }
}
