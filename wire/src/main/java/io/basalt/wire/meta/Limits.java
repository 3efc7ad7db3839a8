package io.basalt.wire.meta;

/// Bounds of what the metaserver keeps and is told. Whoever reads bytes from outside checks them.
public final class Limits {
    /// Longest name of a volume, set or node, in characters; all of them are ASCII.
    public static final int NAME_LENGTH_MAX = 128;
    /// Longest free text: a host, an address, a version, a class.
    public static final int TEXT_BYTES_MAX = 64;
    /// Longest name of a room, rack or host, in bytes of UTF-8 (128 characters), and longest address.
    public static final int LOCATION_BYTES_MAX = 512;
    /// Most devices of one node.
    public static final int DEVICES_PER_NODE_MAX = 128;
    /// Most devices of a cluster.
    public static final int DEVICES_MAX = 1 << 16;
    /// Most nodes of a cluster.
    public static final int NODES_MAX = 1 << 15;
    /// Most sets of a cluster.
    public static final int SETS_MAX = 256;
    /// Most placement groups of a set.
    public static final int PGS_MAX = 1 << 16;
    /// Most copies.
    public static final int COPIES_MAX = 7;
    /// Most replicas of a placement group: its copies, and a guest while one of them moves.
    public static final int REPLICAS_MAX = COPIES_MAX + 1;
    /// Most parts of a volume.
    public static final int PARTS_MAX = 64;
    /// Most tokens of a cluster.
    public static final int TOKENS_MAX = 1024;
    /// Most volumes of a cluster.
    public static final int VOLUMES_MAX = 1 << 20;
    /// Smallest shard, bytes.
    public static final int SHARD_BYTES_MIN = 64 << 10;
    /// Largest shard, bytes.
    public static final int SHARD_BYTES_MAX = 64 << 20;
    /// Shard size unless another is asked for, bytes.
    public static final int SHARD_BYTES_DEFAULT = 1 << 20;
    /// Largest volume: a part's shard index is 31 bits of the smallest shard. Bytes.
    public static final long VOLUME_BYTES_MAX = 64L << 40;
    /// Largest epoch of a placement group; it is the upper part of a version.
    public static final int EPOCH_MAX = (1 << 23) - 1;
    /// Largest message, map or snapshot field, bytes.
    public static final int MAP_BYTES_MAX = 64 << 20;

    private Limits() {}
}
