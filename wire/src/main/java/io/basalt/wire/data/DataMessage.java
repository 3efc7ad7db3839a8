package io.basalt.wire.data;

/// The types of the requests that chunk servers answer, 1 to 63, as they stand in a message's header.
///
/// | type | from, to | body | payload | answer's payload |
/// |---|---|---|---|---|
/// | READ | gate, primary | [ClientRequest] | | the data |
/// | WRITE | gate, primary | [ClientRequest] | the data | |
/// | DISCARD, WRITE_ZEROES, FLUSH | gate, primary | [ClientRequest] | | |
/// | REPLICATE_WRITE | primary, secondary | [ReplicaRequest] | whole blocks | |
/// | REPLICATE_DISCARD, REPLICATE_ZEROES | primary, secondary | [ReplicaRequest] | | |
/// | PREPARE, LEASE | primary, secondary | [ReplicaRequest] | | |
/// | COPY_READ | primary, any copy | [ReplicaRequest] | | whole blocks |
/// | COPY_VERSIONS | primary, any copy | [ReplicaRequest] | | a version (u64) for each block |
/// | COPY_SHARDS | primary, any copy | [ReplicaRequest] | | [ShardEntry] for each shard after the one named |
/// | SETTLED, COMMON, COMPARED, RELEASE | primary, any copy | [ReplicaRequest] | | |
/// | REPAIR | copy, primary | [ReplicaRequest] | | |
public final class DataMessage {
    /// Read a range of a shard. Needs the primary's lease.
    public static final int READ = 1;
    /// Store a range of a shard; answered when every in-sync copy has it durable.
    public static final int WRITE = 2;
    /// The range is no longer needed and reads as zeros afterwards.
    public static final int DISCARD = 3;
    /// The range reads as zeros afterwards.
    public static final int WRITE_ZEROES = 4;
    /// Everything this placement group answered before is durable on every in-sync copy afterwards.
    public static final int FLUSH = 5;

    /// Apply a primary's write.
    public static final int REPLICATE_WRITE = 16;
    /// Apply a primary's discard.
    public static final int REPLICATE_DISCARD = 17;
    /// Apply a primary's zeroes.
    public static final int REPLICATE_ZEROES = 18;

    /// Follow this primary in this epoch and session, and no older one. Refused with NO_LEASE while a lease
    /// given to another session runs.
    public static final int PREPARE = 32;
    /// Promise to follow no other primary for the lease time.
    public static final int LEASE = 33;
    /// Read blocks of this copy, for repair.
    public static final int COPY_READ = 34;
    /// Tell the versions of the blocks of one shard.
    public static final int COPY_VERSIONS = 35;
    /// List the shards that this copy has of the placement group, and that were changed at or after a version.
    public static final int COPY_SHARDS = 36;
    /// Every copy of the placement group is in sync, and has every change below the version that is named: what was
    /// kept of deleted shards for a copy's sake may be forgotten below it.
    public static final int SETTLED = 37;
    /// Every copy of the placement group is in sync, and has every change below the version that is named: copies that
    /// are compared later need be so only in what was changed since.
    public static final int COMMON = 38;
    /// The one message that a copy sends to its primary: blocks of it cannot be read, and are to be written again
    /// with what the others have. May be sent again at any time.
    public static final int REPAIR = 39;
    /// The copy was compared with the primary's: it has what the primary has. With [ShardRange#INCOMPLETE] it may lack
    /// what the primary has lost, and is to know that before it may count as in sync; BUSY until that is durable.
    public static final int COMPARED = 40;
    /// The sender is the placement group's primary no longer: it serves nothing under this session, in this epoch and
    /// those before. What was promised to it there is over.
    public static final int RELEASE = 41;

    /// Bytes of a block: what versions and checksums are kept for.
    public static final int BLOCK_BYTES = 4096;
    /// What offsets and lengths are multiples of.
    public static final int SECTOR_BYTES = 512;
    /// Most bytes of one READ or WRITE, counted in the whole blocks that it touches: at most 16 blocks. A
    /// WRITE of this size is still all or nothing on each copy.
    public static final int DATA_BYTES_MAX = 64 << 10;
    /// Largest shard.
    public static final int SHARD_BYTES_MAX = 64 << 20;

    private DataMessage() {}

    /// Whether a type is one that a gate may send.
    public static boolean isClientRequest(int type) {
        return type >= READ && type <= FLUSH;
    }

    /// Whether a type is one that a chunk server sends to another.
    public static boolean isReplicaRequest(int type) {
        return (type >= REPLICATE_WRITE && type <= REPLICATE_ZEROES) || (type >= PREPARE && type <= RELEASE);
    }

    /// Whether a chunk server's request is about one shard.
    public static boolean namesShard(int type) {
        return type <= REPLICATE_ZEROES || type == COPY_READ || type == COPY_VERSIONS || type == REPAIR;
    }

    /// The type of the message that carries a change of a client's type to another copy.
    public static int replicated(int change) {
        return switch (change) {
            case WRITE -> REPLICATE_WRITE;
            case DISCARD -> REPLICATE_DISCARD;
            case WRITE_ZEROES -> REPLICATE_ZEROES;
            default -> throw new IllegalArgumentException("type " + change + " is no change");
        };
    }

    /// Whether a client's request changes data, and so has an identity.
    public static boolean isChange(int type) {
        return type >= WRITE && type <= WRITE_ZEROES;
    }
}
