package io.basalt.placement;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The map of one set: everything, besides the code, that the routing rule depends on. Immutable; any thread.
///
/// Whoever has the same version has the same content, and computes the same answers. The metaserver makes new
/// versions with [#toBuilder]; gates and chunk servers get the whole map once and build each next one from a delta.
public final class ClusterMap {
    private final long version;
    private final RoutingRule rule;
    private final int minCopies;
    private final List<Device> devices;
    private final int[] deviceIds;
    private final ExceptionTable exceptions;
    private final PgTable pgTable;

    ClusterMap(ClusterMapBuilder builder) {
        version = builder.version();
        rule = builder.rule();
        minCopies = builder.minCopies();
        devices = List.copyOf(builder.devices());
        deviceIds = devices.stream().mapToInt(Device::id).toArray();
        exceptions = builder.exceptions();
        pgTable = builder.pgTable();
    }

    /// A builder for version 1 of a map that has no devices yet, and no placement group created.
    public static ClusterMapBuilder builder(RoutingRule rule) {
        return new ClusterMapBuilder(rule);
    }

    /// A builder that starts from this map and makes the next version.
    public ClusterMapBuilder toBuilder() {
        return new ClusterMapBuilder(this);
    }

    /// Counts the changes, from 1.
    public long version() {
        return version;
    }

    /// The constants of the routing rule.
    public RoutingRule rule() {
        return rule;
    }

    /// How many placement groups there are.
    public int pgCount() {
        return rule.pgCount();
    }

    /// How many copies a placement group should have.
    public int copies() {
        return rule.copies();
    }

    /// With how many copies in sync a change may be acknowledged, at least; with fewer, I/O waits. 1 to `copies`.
    public int minCopies() {
        return minCopies;
    }

    /// The devices, by ascending id.
    public List<Device> devices() {
        return devices;
    }

    /// The device of an id, or null if there is none.
    public @Nullable Device device(int id) {
        final int index = Arrays.binarySearch(deviceIds, id);
        return index < 0 ? null : devices.get(index);
    }

    /// The placement groups whose copies belong elsewhere than the draw says.
    public ExceptionTable exceptions() {
        return exceptions;
    }

    /// Where the copies are.
    public PgTable pgTable() {
        return pgTable;
    }

    /// The placement group of a shard. Allocates nothing.
    public int pgOf(long partId, int shardIndex) {
        return ShardRouter.pgOf(partId, shardIndex, rule.pgCount());
    }

    /// See [PgTable#primaryDevice]. Allocates nothing.
    public int primaryDevice(int pg) {
        return pgTable.primaryDevice(pg);
    }

    /// See [PgTable#epoch]. Allocates nothing.
    public int epoch(int pg) {
        return pgTable.epoch(pg);
    }

    /// See [PgTable#replica]. Allocates nothing.
    public int replica(int pg, int index) {
        return pgTable.replica(pg, index);
    }

    /// See [PgTable#inSync]. Allocates nothing.
    public boolean inSync(int pg, int index) {
        return pgTable.inSync(pg, index);
    }

    /// The next version, with one device added or, if its id is known, changed.
    public ClusterMap withDevice(Device device) {
        return toBuilder().device(device).build();
    }

    /// The next version, without a device.
    public ClusterMap withoutDevice(int id) {
        return toBuilder().removeDevice(id).build();
    }

    /// The next version, with a device in another state.
    public ClusterMap withDeviceState(int id, DeviceState state) {
        return toBuilder().deviceState(id, state).build();
    }

    /// The next version, with these exceptions in place of all others.
    public ClusterMap withExceptions(ExceptionTable table) {
        return toBuilder().exceptions(table).build();
    }

    /// The next version, with another bound on the copies that a change needs.
    public ClusterMap withMinCopies(int fewest) {
        return toBuilder().minCopies(fewest).build();
    }

    /// The next version, with another configuration of one placement group; see [PgTable.Builder#set].
    public ClusterMap withPg(int pg, int epoch, ReplicaSet replicas, int inSyncMask) {
        return toBuilder().pg(pg, epoch, replicas, inSyncMask).build();
    }

    /// Why the rule cannot be kept on this map as it stands, for an operator: too few failure domains with devices
    /// that are *in* for the copies. Null if it can. A map is valid nevertheless: a set starts without devices, and
    /// lives through the loss of some.
    public @Nullable String violation() {
        final Set<String> domains = new HashSet<>();
        for (final Device device : devices) {
            if (device.state().in()) {
                domains.add(
                        rule.failureDomain() == FailureDomain.DEVICE
                                ? Integer.toString(device.id())
                                : device.location().pathTo(rule.failureDomain()));
            }
        }
        if (domains.size() >= rule.copies()) {
            return null;
        }
        return "copies " + rule.copies() + " need as many failure domains of kind " + rule.failureDomain()
                + ", and the map has " + domains.size() + " with devices that are in; add some, or make a set with a "
                + "narrower failure domain or fewer copies";
    }

    /// Refuses a map on which the rule cannot be kept; see [#violation].
    ///
    /// @return this map
    public ClusterMap requirePlaceable() {
        final String violation = violation();
        if (violation != null) {
            throw new InvalidClusterMapException(violation);
        }
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClusterMap that
                && version == that.version
                && rule.equals(that.rule)
                && minCopies == that.minCopies
                && devices.equals(that.devices)
                && exceptions.equals(that.exceptions)
                && pgTable.equals(that.pgTable);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(version) * 31 + devices.hashCode();
    }

    @Override
    public String toString() {
        return "ClusterMap[version " + version + ", " + devices.size() + " devices, " + rule + ", " + exceptions.size()
                + " exceptions]";
    }
}
