package io.basalt.placement;

/// The constants of one set's routing rule: what every participant must agree on, besides the map itself,
/// to compute where a shard is. The mapping method (straw2 over devices) and the order of the collision
/// rules belong to it too and are fixed; see [Placement]. The shard size is each volume's own.
///
/// @param pgCount placement groups, 1 to [#PG_COUNT_MAX], fixed for the life of the set; about 100 copies a device
///     keep the exception table short
/// @param copies of every placement group, 1 to [#COPIES_MAX]
/// @param failureDomain what holds at most one copy of a placement group
/// @param relaxations by how many levels the domain is narrowed when there are too few of them, 0 to 3
public record RoutingRule(int pgCount, int copies, FailureDomain failureDomain, int relaxations) {
    /// Most placement groups of a set.
    public static final int PG_COUNT_MAX = 1 << 16;
    /// Most copies of a placement group.
    public static final int COPIES_MAX = 7;
    /// Levels that a rule relaxes by unless another number is given.
    public static final int RELAXATIONS_DEFAULT = 1;

    public RoutingRule {
        if (pgCount < 1 || pgCount > PG_COUNT_MAX) {
            throw new InvalidClusterMapException("pg count " + pgCount + " is not in 1 to " + PG_COUNT_MAX
                    + "; choose about 100 copies for each device");
        }
        if (copies < 1 || copies > COPIES_MAX) {
            throw new InvalidClusterMapException(
                    "copies " + copies + " is not in 1 to " + COPIES_MAX + "; 3 is the usual choice");
        }
        if (relaxations < 0 || relaxations > FailureDomain.values().length - 1) {
            throw new InvalidClusterMapException("relaxations " + relaxations + " is not in 0 to "
                    + (FailureDomain.values().length - 1) + "; 0 never puts two copies into one domain");
        }
    }

    /// A rule that relaxes by [#RELAXATIONS_DEFAULT] levels.
    public RoutingRule(int pgCount, int copies, FailureDomain failureDomain) {
        this(pgCount, copies, failureDomain, RELAXATIONS_DEFAULT);
    }
}
