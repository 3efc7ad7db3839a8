package io.basalt.chunk;

import io.basalt.wire.data.DataMessage;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The versions of the blocks of one shard on the copies that are compared, and what is to be done where they differ.
/// Control plane; one owner reactor.
final class Differences {
    private static final int RUN_BLOCKS_MAX = DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES;

    /// A run of blocks to be written anew.
    ///
    /// @param sources bits of the copies that have the content
    /// @param others bits of the copies that have an older one
    /// @param given version that all blocks have here and that the joining copy gets them with; 0 to write anew
    record Run(int firstBlock, int count, int sources, int others, long given) {
        Run anew() {
            return new Run(firstBlock, count, sources, others, 0);
        }
    }

    private final PgReplica replica;
    private final List<Copy> others;
    private final @Nullable Copy joining;
    private final long[][] versions;
    private final int blocks;

    /// @param others the copies that this device's is compared with
    /// @param joining the one of them that is brought up to date; null if the newest version counts
    Differences(PgReplica replica, List<Copy> others, @Nullable Copy joining, int blocks) {
        this.replica = replica;
        this.others = others;
        this.joining = joining;
        this.blocks = blocks;
        versions = new long[others.size() + 1][blocks];
    }

    /// A copy has a block in a version.
    ///
    /// @param copy 0 for this device's, 1 and up for the others in their order
    void version(int copy, int block, long version) {
        versions[copy][block] = version;
    }

    /// Name what is to be written, in the order of blocks.
    void find(Consumer<Run> found) {
        int block = 0;
        while (block < blocks) {
            final int sources = sources(block);
            final long given = given(block);
            int end = block + 1;
            while (end < blocks && end - block < RUN_BLOCKS_MAX && sources(end) == sources && given(end) == given) {
                end++;
            }
            if (sources != 0) {
                found.accept(new Run(block, end - block, sources, all() & ~sources, given));
            }
            block = end;
        }
    }

    /// The version to give a block with to the joining copy; 0 if it has a newer one, which must be superseded.
    private long given(int block) {
        final boolean isOlder = joining != null && !joining.isInSync() && versions[1][block] < versions[0][block];
        return isOlder ? versions[0][block] : 0;
    }

    /// The copies that have the right content of a block, as bits; 0 if all have.
    private int sources(int block) {
        long newest = versions[0][block];
        boolean differ = false;
        for (final long[] each : versions) {
            differ |= each[block] != newest;
        }
        if (!differ) {
            return 0;
        }
        if (joining != null) {
            return trusted();
        }
        for (final long[] each : versions) {
            newest = Math.max(newest, each[block]);
        }
        int sources = versions[0][block] == newest ? Sources.SELF : 0;
        for (int index = 0; index < others.size(); index++) {
            if (versions[index + 1][block] == newest) {
                sources |= 1 << others.get(index).slot();
            }
        }
        return sources;
    }

    /// The copies that are right when one is compared, as bits.
    private int trusted() {
        int trusted = Sources.SELF;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isVerified()) {
                trusted |= 1 << slot;
            }
        }
        return trusted;
    }

    private int all() {
        int all = Sources.SELF;
        for (final Copy copy : others) {
            all |= 1 << copy.slot();
        }
        return all;
    }
}
