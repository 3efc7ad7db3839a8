package io.basalt.meta.service;

import io.basalt.meta.state.CommandCodec;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;

/// What a [MetaService] is made with.
///
/// @param firstSet name of the set that a new cluster begins with
/// @param firstRule its rule
/// @param firstMinCopies fewest copies that it acknowledges a write with
/// @param firstOvercommitPercent how much may be provisioned in it, in percent of the capacity; 0 for no bound
/// @param heartbeatNs how often nodes are to be heard of
/// @param timeoutNs after how long without a sign of life a node is down
/// @param suspectNs after how long without a new registration a node whose process has ended its connection is down
/// @param outAfterNs after how long without an answer the copies of a device are made anew elsewhere
/// @param movesMax most copies that one device sends or receives at once because they move
/// @param layoutDelayNs how long the devices of an empty set must be as they are before it is laid out
/// @param proposalsMax most commands under way; beyond that requests are refused as overloaded
/// @param newestCommand newest version of commands that this process writes and understands
public record MetaServiceOptions(
        String firstSet,
        RoutingRule firstRule,
        int firstMinCopies,
        int firstOvercommitPercent,
        long heartbeatNs,
        long timeoutNs,
        long suspectNs,
        long outAfterNs,
        int movesMax,
        long layoutDelayNs,
        int proposalsMax,
        int newestCommand) {
    private static final long MILLISECOND_NS = 1_000_000;

    /// Three copies on three hosts, 256 placement groups, at most twenty times the capacity provisioned; heartbeats
    /// each 100 ms, down after 600 ms, or 30 ms after the connection has ended; out after ten minutes.
    public static final MetaServiceOptions DEFAULT = new MetaServiceOptions(
            "default",
            new RoutingRule(256, 3, FailureDomain.HOST),
            2,
            2000,
            100 * MILLISECOND_NS,
            600 * MILLISECOND_NS,
            30 * MILLISECOND_NS,
            10 * 60_000 * MILLISECOND_NS,
            4,
            50 * MILLISECOND_NS,
            1 << 16,
            CommandCodec.VERSION);

    public MetaServiceOptions {
        require("firstMinCopies", firstMinCopies, 1, firstRule.copies());
        require("firstOvercommitPercent", firstOvercommitPercent, 0, Integer.MAX_VALUE);
        require("heartbeatNs", heartbeatNs, 1, Long.MAX_VALUE >> 2);
        require("timeoutNs", timeoutNs, heartbeatNs + 1, Long.MAX_VALUE >> 2);
        require("suspectNs", suspectNs, 1, Long.MAX_VALUE >> 2);
        require("outAfterNs", outAfterNs, 1, Long.MAX_VALUE >> 2);
        require("movesMax", movesMax, 1, 1 << 10);
        require("layoutDelayNs", layoutDelayNs, 0, Long.MAX_VALUE >> 2);
        require("proposalsMax", proposalsMax, 1, 1 << 20);
        require("newestCommand", newestCommand, CommandCodec.OLDEST_WRITTEN, CommandCodec.VERSION);
    }

    /// The same with another first set.
    public MetaServiceOptions withFirstSet(String name, RoutingRule rule, int minCopies, int overcommitPercent) {
        return new MetaServiceOptions(
                name,
                rule,
                minCopies,
                overcommitPercent,
                heartbeatNs,
                timeoutNs,
                suspectNs,
                outAfterNs,
                movesMax,
                layoutDelayNs,
                proposalsMax,
                newestCommand);
    }

    /// The same, faster or slower to give a node up and to make its copies anew.
    public MetaServiceOptions withFailureTimes(long suspect, long outAfter) {
        return new MetaServiceOptions(
                firstSet,
                firstRule,
                firstMinCopies,
                firstOvercommitPercent,
                heartbeatNs,
                timeoutNs,
                suspect,
                outAfter,
                movesMax,
                layoutDelayNs,
                proposalsMax,
                newestCommand);
    }

    /// The same with other times.
    public MetaServiceOptions withTimes(long heartbeat, long timeout, long layoutDelay) {
        return new MetaServiceOptions(
                firstSet,
                firstRule,
                firstMinCopies,
                firstOvercommitPercent,
                heartbeat,
                timeout,
                suspectNs,
                outAfterNs,
                movesMax,
                layoutDelay,
                proposalsMax,
                newestCommand);
    }

    /// The same, as a process does that understands commands up to a version.
    public MetaServiceOptions withNewestCommand(int newest) {
        return new MetaServiceOptions(
                firstSet,
                firstRule,
                firstMinCopies,
                firstOvercommitPercent,
                heartbeatNs,
                timeoutNs,
                suspectNs,
                outAfterNs,
                movesMax,
                layoutDelayNs,
                proposalsMax,
                newest);
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "metaserver option " + field + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
