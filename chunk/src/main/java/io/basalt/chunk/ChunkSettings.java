package io.basalt.chunk;

import io.basalt.chunk.schedule.ScheduleSettings;

/// Bounds and times of a [ChunkDevice]. Immutable.
///
/// @param requestsMax client requests that are under way at once; more are answered BUSY
/// @param replicasMax requests of primaries that are under way at once
/// @param scratchCount buffers of 64 KiB for repair and for writes of part of a block
/// @param gatesMax (gate instance, placement group) pairs whose changes are remembered
/// @param leaseNs how long a secondary promises to follow no other primary, counted by the primary from the
///     sending of its wish; the secondary itself adds an eighth for the drift of clocks
/// @param tickNs how often everything that waits for time to pass is looked at
/// @param callNs how long a primary waits for a copy's answer before it takes the connection for dead
/// @param reconnectNs pause between two attempts to connect to a peer
/// @param wishNs pause between two utterances of the same wish to the metaserver
/// @param suspectNs how long a device whose process has closed a connection may take to accept a new one before
///     the copies there are wished out of the in-sync sets
/// @param commonNs how often a primary looks up to which version all copies have everything: what was changed since is
///     what has to be compared after a failure
/// @param repairBytesPerSecond how much is rewritten at most for copies that are being brought up to date
/// @param sweepNs pause between two walks through all shards that look for what can be freed; a
///     tombstone is kept for at least as long after every copy has it
/// @param schedule which request is begun next, and how many at once
public record ChunkSettings(
        int requestsMax,
        int replicasMax,
        int scratchCount,
        int gatesMax,
        long leaseNs,
        long tickNs,
        long callNs,
        long reconnectNs,
        long wishNs,
        long suspectNs,
        long commonNs,
        long repairBytesPerSecond,
        long sweepNs,
        ScheduleSettings schedule) {
    private static final int SUSPICION_PER_LEASE = 20;
    private static final long SUSPECT_NS = 30_000_000L;
    private static final long COMMON_NS = 1_000_000_000L;
    private static final long REPAIR_BYTES_PER_SECOND = 128 << 20;
    private static final long SWEEP_NS = 30_000_000_000L;

    /// What suits a data centre.
    public static final ChunkSettings DEFAULT = new ChunkSettings(
            1024,
            2048,
            32,
            4096,
            600_000_000L,
            10_000_000L,
            2_000_000_000L,
            100_000_000L,
            500_000_000L,
            SUSPECT_NS,
            COMMON_NS,
            REPAIR_BYTES_PER_SECOND,
            SWEEP_NS,
            ScheduleSettings.SSD);

    public ChunkSettings {
        require("requestsMax", requestsMax, 1, 1 << 16);
        require("replicasMax", replicasMax, 1, 1 << 16);
        require("scratchCount", scratchCount, 2, 1 << 12);
        require("gatesMax", gatesMax, 1, 1 << 20);
        require("leaseNs", leaseNs, 1000, Long.MAX_VALUE >> 4);
        require("tickNs", tickNs, 1000, leaseNs / 3);
        require("callNs", callNs, 1000, Long.MAX_VALUE >> 4);
        require("reconnectNs", reconnectNs, 1, Long.MAX_VALUE >> 4);
        require("wishNs", wishNs, 1, Long.MAX_VALUE >> 4);
        require("suspectNs", suspectNs, 1, Long.MAX_VALUE >> 4);
        require("commonNs", commonNs, 1, Long.MAX_VALUE >> 4);
        require("repairBytesPerSecond", repairBytesPerSecond, 1, Long.MAX_VALUE >> 4);
        require("sweepNs", sweepNs, 1000, Long.MAX_VALUE >> 4);
    }

    /// With suspicion after a twentieth of a lease, and a look for what is common once a lease.
    public ChunkSettings(
            int requestsMax,
            int replicasMax,
            int scratchCount,
            int gatesMax,
            long leaseNs,
            long tickNs,
            long callNs,
            long reconnectNs,
            long wishNs,
            long sweepNs) {
        this(
                requestsMax,
                replicasMax,
                scratchCount,
                gatesMax,
                leaseNs,
                tickNs,
                callNs,
                reconnectNs,
                wishNs,
                Math.max(1, leaseNs / SUSPICION_PER_LEASE),
                leaseNs,
                REPAIR_BYTES_PER_SECOND,
                sweepNs,
                ScheduleSettings.SSD);
    }

    /// The same with another pause between walks.
    public ChunkSettings withSweepNs(long newSweepNs) {
        return new ChunkSettings(
                requestsMax,
                replicasMax,
                scratchCount,
                gatesMax,
                leaseNs,
                tickNs,
                callNs,
                reconnectNs,
                wishNs,
                suspectNs,
                commonNs,
                repairBytesPerSecond,
                newSweepNs,
                schedule);
    }

    /// The same with another schedule.
    public ChunkSettings withSchedule(ScheduleSettings newSchedule) {
        return new ChunkSettings(
                requestsMax,
                replicasMax,
                scratchCount,
                gatesMax,
                leaseNs,
                tickNs,
                callNs,
                reconnectNs,
                wishNs,
                suspectNs,
                commonNs,
                repairBytesPerSecond,
                sweepNs,
                newSchedule);
    }

    /// How long a secondary keeps what the primary counts as [#leaseNs]: clocks may drift by an eighth.
    public long promiseNs() {
        return leaseNs + leaseNs / 8;
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "chunk setting " + field + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
