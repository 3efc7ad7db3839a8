package io.basalt.cli.check;

import io.basalt.cli.check.CheckedDevice.Shard;
import io.basalt.cli.check.Difference.Kind;
import io.basalt.store.chunk.ShardReader;
import io.basalt.store.chunk.ShardReader.BlockState;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// What is said of one shard, once all copies of it have been read.
final class ShardComparison {
    private static final int BLOCK_BYTES = 4096;
    private static final int COUNTER_BITS = 40;

    private final CopyPlan plan;
    private final Differences differences;
    private Shard shard = new Shard(0, 0);
    private String volume = "";
    private long offset;
    private long identicalBlocks;

    ShardComparison(CopyPlan plan, Differences differences) {
        this.plan = plan;
        this.differences = differences;
    }

    /// Blocks that were found the same in at least two copies.
    long identicalBlocks() {
        return identicalBlocks;
    }

    /// Take up another shard.
    void begin(Shard next) {
        shard = next;
        final CopyPlan.Part part = plan.part(next.partId());
        volume = part == null ? "" : part.volume();
        offset = part == null ? -1 : part.offsetBytes() + next.index() * part.shardBytes();
    }

    /// Say what is wrong with a copy by itself.
    void alone(CheckedDevice device) {
        final ShardReader copy = device.reader();
        if (copy.isDamaged()) {
            device.countWrong();
            add(Kind.DAMAGED, -1, List.of(device), "what " + device.name() + " knows of it is lost");
            return;
        }
        for (int block = 0; block < copy.blocks(); block++) {
            switch (copy.state(block)) {
                case CORRUPT -> {
                    device.countWrong();
                    add(
                            Kind.CHECKSUM,
                            block,
                            List.of(device),
                            device.name() + " has content that does not match its checksum");
                }
                case UNREADABLE -> {
                    device.countWrong();
                    add(Kind.UNREADABLE, block, List.of(device), device.name() + " cannot be read there");
                }
                case NONE, GOOD -> {}
            }
        }
    }

    /// Say which copies are not there.
    ///
    /// @param where the devices that should have one
    void missing(List<CheckedDevice> where) {
        for (final CheckedDevice device : where) {
            add(Kind.MISSING, -1, List.of(device), device.name() + " should have a copy and has none");
        }
    }

    /// Say that there are not as many copies as were asked for.
    void tooFew(List<CheckedDevice> holders, int wanted) {
        add(
                Kind.MISSING,
                -1,
                holders,
                "only " + names(holders) + (holders.size() == 1 ? " has" : " have") + " a copy; there should be "
                        + wanted);
    }

    /// Compare the copies that should be the same.
    void together(List<CheckedDevice> copies) {
        final List<CheckedDevice> whole =
                copies.stream().filter(copy -> !copy.reader().isDamaged()).toList();
        if (whole.size() < 2) {
            return;
        }
        boolean same = true;
        final int blocks =
                whole.stream().mapToInt(copy -> copy.reader().blocks()).max().orElse(0);
        for (int block = 0; block < blocks; block++) {
            same &= compare(block, whole);
        }
        if (same && areAlike(blocks, whole)) {
            compareVersions(whole);
        }
    }

    private boolean compare(int block, List<CheckedDevice> copies) {
        final List<CheckedDevice> legible = copies.stream()
                .filter(copy -> state(copy, block) == BlockState.NONE || state(copy, block) == BlockState.GOOD)
                .toList();
        if (legible.size() < 2) {
            return true;
        }
        final List<List<CheckedDevice>> groups = new ArrayList<>();
        for (final CheckedDevice copy : legible) {
            groups.stream()
                    .filter(group -> same(group.getFirst(), copy, block))
                    .findFirst()
                    .orElseGet(() -> {
                        groups.add(new ArrayList<>());
                        return groups.getLast();
                    })
                    .add(copy);
        }
        if (groups.size() == 1) {
            identicalBlocks += state(legible.getFirst(), block) == BlockState.NONE ? 0 : 1;
            return true;
        }
        tellApart(block, groups, legible);
        return false;
    }

    /// The copies that most others disagree with are named; if there is no majority, all are.
    private void tellApart(int block, List<List<CheckedDevice>> groups, List<CheckedDevice> all) {
        for (final List<CheckedDevice> most : groups) {
            if (2 * most.size() > all.size()) {
                groups.stream()
                        .filter(group -> !group.equals(most))
                        .flatMap(List::stream)
                        .forEach(odd -> oneDiffers(block, odd, most));
                return;
            }
        }
        final CheckedDevice first = groups.getFirst().getFirst();
        final List<String> each = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            final CheckedDevice copy = groups.get(i).getFirst();
            final String what = state(copy, block) == BlockState.NONE
                    ? "nothing"
                    : "content " + (char) ('A' + i) + " of version " + version(copy, block);
            each.add(names(groups.get(i)) + (groups.get(i).size() == 1 ? " has " : " have ") + what);
        }
        add(kind(block, first, groups.get(1).getFirst()), block, all, String.join(", ", each));
    }

    private void oneDiffers(int block, CheckedDevice odd, List<CheckedDevice> most) {
        final CheckedDevice other = most.getFirst();
        final Kind kind = kind(block, odd, other);
        final String others = names(most);
        add(
                kind,
                block,
                List.of(odd),
                switch (kind) {
                    case ALLOCATION ->
                        state(odd, block) == BlockState.NONE
                                ? odd.name() + " has nothing, " + others + " have content of version "
                                        + version(other, block)
                                : odd.name() + " has content of version " + version(odd, block) + ", " + others
                                        + " have nothing";
                    case VERSION ->
                        odd.name() + " has version " + version(odd, block) + ", " + others + " have "
                                + version(other, block);
                    default ->
                        odd.name() + " has other content than " + others + ", under the same version "
                                + version(other, block);
                });
    }

    private static Kind kind(int block, CheckedDevice one, CheckedDevice other) {
        if (state(one, block) != state(other, block)) {
            return Kind.ALLOCATION;
        }
        return one.reader().blockVersion(block) == other.reader().blockVersion(block) ? Kind.CONTENT : Kind.VERSION;
    }

    /// Whether the same blocks have content in all copies. If zeros are kept as blocks in one copy only, the
    /// others were given them as discards when they were brought up to date, and their last change need not
    /// be the same.
    private static boolean areAlike(int blocks, List<CheckedDevice> copies) {
        for (int block = 0; block < blocks; block++) {
            final BlockState first = state(copies.getFirst(), block);
            for (final CheckedDevice copy : copies) {
                if (state(copy, block) != first) {
                    return false;
                }
            }
        }
        return true;
    }

    /// Copies with the same blocks: have they seen the same changes? A shard that was discarded as a whole
    /// is nothing but the answer.
    private void compareVersions(List<CheckedDevice> copies) {
        final long first = copies.getFirst().reader().version();
        if (copies.stream().allMatch(copy -> copy.reader().version() == first)) {
            return;
        }
        final List<String> each = copies.stream()
                .map(copy -> copy.name() + " has " + text(copy.reader().version()))
                .toList();
        add(
                Kind.VERSION,
                -1,
                copies,
                "blocks are the same, the version of the last change is not: " + String.join(", ", each));
    }

    private static boolean same(CheckedDevice one, CheckedDevice other, int block) {
        if (state(one, block) != state(other, block)) {
            // What reads the same is the same: zeros may be kept as blocks in one copy and as nothing in another.
            return one.isZero(block) && other.isZero(block);
        }
        if (state(one, block) == BlockState.NONE) {
            return true;
        }
        final ShardReader a = one.reader();
        final ShardReader b = other.reader();
        return a.blockVersion(block) == b.blockVersion(block)
                && MemorySegment.mismatch(
                                a.content(),
                                a.offset(block),
                                a.offset(block) + BLOCK_BYTES,
                                b.content(),
                                b.offset(block),
                                b.offset(block) + BLOCK_BYTES)
                        < 0;
    }

    private static BlockState state(CheckedDevice copy, int block) {
        return block < copy.reader().blocks() ? copy.reader().state(block) : BlockState.NONE;
    }

    private static String version(CheckedDevice copy, int block) {
        return text(copy.reader().blockVersion(block));
    }

    /// A version as its epoch and its number in that.
    private static String text(long version) {
        return (version >>> COUNTER_BITS) + ":" + (version & (1L << COUNTER_BITS) - 1);
    }

    static String names(List<CheckedDevice> devices) {
        return String.join(" and ", devices.stream().map(CheckedDevice::name).toList());
    }

    private void add(Kind kind, int block, List<CheckedDevice> devices, String what) {
        final long at = offset < 0 ? -1 : offset + Math.max(0, block) * (long) BLOCK_BYTES;
        differences.add(new Difference(
                kind,
                volume,
                shard.partId(),
                shard.index(),
                at,
                block,
                block < 0 ? 0 : 1,
                devices.stream().map(CheckedDevice::name).toList(),
                what));
    }
}
