package io.basalt.placement;

/// Where the copies of a placement group belong, or why they cannot all be placed.
public sealed interface PlacementResult {
    /// The devices found, in order: all copies if [Placed], fewer if [Unplaceable].
    ReplicaSet replicas();

    /// How the draws went.
    Draws draws();

    /// All copies have a place.
    ///
    /// @param domain no two copies share one of these: the rule's failure domain, or what it was relaxed to
    record Placed(ReplicaSet replicas, FailureDomain domain, Draws draws) implements PlacementResult {}

    /// Not all copies have a place. Those that do can be used meanwhile.
    record Unplaceable(ReplicaSet replicas, Reason reason, String message, Draws draws) implements PlacementResult {}

    /// Why there are too few devices for the copies.
    enum Reason {
        /// The map has no device at all.
        NO_DEVICE,
        /// Devices are left, in failure domains that have a copy, and the rule does not relax further.
        DOMAINS_EXHAUSTED,
        /// Devices are left, and some of them are full.
        DEVICES_FULL,
        /// Devices are left, and all of them are out.
        DEVICES_OUT,
        /// Every device of the map holds a copy.
        DEVICES_EXHAUSTED
    }

    /// How many draws a placement took, and which collision rule refused how many of them.
    ///
    /// @param attempts all draws, successful ones included; at most devices × (relaxations + 1)
    /// @param domainUsed refused: the failure domain has a copy
    /// @param out refused: the device is draining or out
    /// @param full refused: the device is full
    record Draws(int attempts, int domainUsed, int out, int full) {}
}
