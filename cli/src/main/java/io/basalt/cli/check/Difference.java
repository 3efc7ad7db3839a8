package io.basalt.cli.check;

import java.util.List;

/// Something that is not as it should be.
///
/// @param kind what sort of thing, for programs
/// @param volume name of the volume; empty if it has none, or nothing of a volume is concerned
/// @param partId part; 0 if nothing of a volume is concerned
/// @param shard number of the shard in its part
/// @param offsetBytes first byte in the volume; -1 if not known
/// @param block first block of the shard; -1 for the shard as a whole
/// @param blocks how many adjacent blocks are alike
/// @param devices the copies that are to be looked at, as people know them
/// @param what a sentence for people
record Difference(
        Kind kind,
        String volume,
        long partId,
        int shard,
        long offsetBytes,
        int block,
        int blocks,
        List<String> devices,
        String what) {
    /// What sort of difference.
    enum Kind {
        /// A device, or what it says of itself, cannot be relied on.
        DEVICE,
        /// Content does not match its checksum.
        CHECKSUM,
        /// The device does not give its content.
        UNREADABLE,
        /// What a copy knows of a shard is lost.
        DAMAGED,
        /// A copy that should be there is not.
        MISSING,
        /// Content in one copy where another has none.
        ALLOCATION,
        /// Versions differ.
        VERSION,
        /// The same version with other content.
        CONTENT,
        /// Two copies stand on one host.
        SAME_HOST
    }

    Difference {
        devices = List.copyOf(devices);
    }

    /// Something about a device or the placement, not about a volume.
    static Difference general(Kind kind, List<String> devices, String what) {
        return new Difference(kind, "", 0, 0, -1, -1, 0, devices, what);
    }

    /// Whether another one is of the same shard.
    boolean isInShardOf(Difference other) {
        return partId == other.partId && shard == other.shard;
    }

    /// Whether another one is the same of the next block.
    boolean continues(Difference next) {
        return kind == next.kind
                && block >= 0
                && isInShardOf(next)
                && next.block == block + blocks
                && devices.equals(next.devices);
    }

    /// The same of one block more.
    Difference longer() {
        return new Difference(kind, volume, partId, shard, offsetBytes, block, blocks + 1, devices, what);
    }

    /// Where it is, for people; empty if nothing of a volume is concerned.
    String where() {
        if (partId == 0) {
            return "";
        }
        final StringBuilder text = new StringBuilder();
        if (!volume.isEmpty()) {
            text.append(volume);
            text.append(offsetBytes < 0 ? ", " : ", byte " + offsetBytes + ", ");
        }
        text.append("part ").append(partId).append(", shard ").append(shard);
        if (block >= 0) {
            text.append(blocks == 1 ? ", block " + block : ", blocks " + block + "-" + (block + blocks - 1));
        }
        return text.toString();
    }
}
