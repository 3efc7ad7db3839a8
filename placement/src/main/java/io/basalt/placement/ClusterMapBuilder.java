package io.basalt.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The changeable form of a [ClusterMap], for the control plane. One thread.
///
/// Every change is checked when it is made as far as it can be, and the whole when it is built. A failed
/// call leaves the builder as it was.
public final class ClusterMapBuilder {
    /// Most devices of a set.
    public static final int DEVICES_MAX = 1 << 16;

    private final RoutingRule rule;
    private final NavigableMap<Integer, Device> devices = new TreeMap<>();
    private long version;
    private int minCopies = 1;
    private ExceptionTable exceptions;
    private PgTable pgTable;
    private PgTable.@Nullable Builder pgChanges;

    ClusterMapBuilder(RoutingRule rule) {
        this.rule = rule;
        this.version = 1;
        this.exceptions = ExceptionTable.EMPTY;
        this.pgTable = PgTable.empty(rule.pgCount(), rule.copies());
    }

    ClusterMapBuilder(ClusterMap map) {
        this.rule = map.rule();
        this.version = map.version() + 1;
        this.minCopies = map.minCopies();
        this.exceptions = map.exceptions();
        this.pgTable = map.pgTable();
        map.devices().forEach(device -> devices.put(device.id(), device));
    }

    /// Sets the version, where a map is taken over from somebody else; otherwise it is 1, or one more than that of
    /// the map that this started from.
    public ClusterMapBuilder version(long number) {
        if (number < 1) {
            throw new InvalidClusterMapException("map version " + number + " is not positive; versions start at 1");
        }
        version = number;
        return this;
    }

    /// Sets with how many copies in sync a change may be acknowledged; 1 unless it is set.
    ///
    /// @param fewest 1 to the rule's copies
    public ClusterMapBuilder minCopies(int fewest) {
        if (fewest < 1 || fewest > rule.copies()) {
            throw new InvalidClusterMapException("min copies " + fewest + " is not in 1 to " + rule.copies()
                    + ", the number of copies; 2 of 3 is the usual choice");
        }
        minCopies = fewest;
        return this;
    }

    /// Adds a device whose id must be new.
    ///
    /// @throws InvalidClusterMapException if the id is taken
    public ClusterMapBuilder addDevice(Device device) {
        final Device known = devices.get(device.id());
        if (known != null) {
            throw new InvalidClusterMapException("device id " + device.id() + " of " + device.address()
                    + " is taken by the device at " + known.address() + "; ids are never used twice");
        }
        return device(device);
    }

    /// Adds a device or, if its id is known, replaces what is known of it. States are not checked against
    /// each other here; see [#deviceState].
    public ClusterMapBuilder device(Device device) {
        if (devices.size() == DEVICES_MAX && !devices.containsKey(device.id())) {
            throw new InvalidClusterMapException("device " + device.id() + " is one too many: a set has at most "
                    + DEVICES_MAX + "; make another set");
        }
        devices.put(device.id(), device);
        return this;
    }

    /// Takes a device off the map. Exceptions that name it stay and pass it over.
    public ClusterMapBuilder removeDevice(int id) {
        require(id);
        devices.remove(id);
        return this;
    }

    /// Moves a device on to another state; to the one it has, does nothing.
    ///
    /// @throws InvalidClusterMapException if there is no such device, or that state may not follow
    public ClusterMapBuilder deviceState(int id, DeviceState next) {
        final Device device = require(id);
        if (device.state() == next) {
            return this;
        }
        if (!device.state().canBecome(next)) {
            throw new InvalidClusterMapException("state of device " + id + " cannot change from " + device.state()
                    + " to " + next + "; put it in again first");
        }
        devices.put(id, device.withState(next));
        return this;
    }

    /// Changes the weight of a device.
    public ClusterMapBuilder deviceWeight(int id, int weight) {
        devices.put(id, require(id).withWeight(weight));
        return this;
    }

    /// Adds an exception, or replaces the one of the same placement group.
    ///
    /// @throws InvalidClusterMapException if it names a device that is not in the map, or too many
    public ClusterMapBuilder exception(ExceptionEntry entry) {
        for (int index = 0; index < entry.replicas().size(); index++) {
            if (!devices.containsKey(entry.replicas().device(index))) {
                throw new InvalidClusterMapException("exception for pg " + entry.pg() + " names device "
                        + entry.replicas().device(index) + ", which is not in the map; name devices that are");
            }
        }
        final List<ExceptionEntry> entries = exceptionsExcept(entry.pg());
        entries.add(entry);
        return exceptions(ExceptionTable.of(entries));
    }

    /// Drops the exception of a placement group, if there is one.
    public ClusterMapBuilder removeException(int pg) {
        return exceptions(ExceptionTable.of(exceptionsExcept(pg)));
    }

    /// Replaces all exceptions.
    ///
    /// @throws InvalidClusterMapException if one is for no placement group of the set, or names too many devices
    public ClusterMapBuilder exceptions(ExceptionTable table) {
        table.entries().forEach(this::check);
        exceptions = table;
        return this;
    }

    /// Gives a placement group a configuration; see [PgTable.Builder#set].
    public ClusterMapBuilder pg(int pg, int epoch, ReplicaSet replicas, int inSyncMask) {
        if (pgChanges == null) {
            pgChanges = pgTable.toBuilder();
        }
        pgChanges.set(pg, epoch, replicas, inSyncMask);
        return this;
    }

    /// Replaces the configuration of all placement groups.
    public ClusterMapBuilder pgTable(PgTable table) {
        if (table.pgCount() != rule.pgCount() || table.copies() != rule.copies()) {
            throw new InvalidClusterMapException("pg table of " + table.pgCount() + " pgs with " + table.copies()
                    + " copies does not fit the rule " + rule + "; both are fixed for a set");
        }
        pgTable = table;
        pgChanges = null;
        return this;
    }

    /// The map; the builder can go on.
    ///
    /// @throws InvalidClusterMapException if devices of one node stand at different places, or a placement
    ///     group has
    ///     a copy on a device that is not in the map
    public ClusterMap build() {
        if (pgChanges != null) {
            pgTable = pgChanges.build();
            pgChanges = null;
        }
        checkNodes();
        checkReplicas();
        return new ClusterMap(this);
    }

    long version() {
        return version;
    }

    RoutingRule rule() {
        return rule;
    }

    int minCopies() {
        return minCopies;
    }

    Collection<Device> devices() {
        return devices.values();
    }

    ExceptionTable exceptions() {
        return exceptions;
    }

    PgTable pgTable() {
        return pgTable;
    }

    private Device require(int id) {
        final Device device = devices.get(id);
        if (device == null) {
            throw new InvalidClusterMapException("device " + id + " is not in the map; see the list of devices");
        }
        return device;
    }

    private List<ExceptionEntry> exceptionsExcept(int pg) {
        final List<ExceptionEntry> entries = new ArrayList<>(exceptions.entries());
        entries.removeIf(entry -> entry.pg() == pg);
        return entries;
    }

    private void check(ExceptionEntry entry) {
        if (entry.pg() >= rule.pgCount()) {
            throw new InvalidClusterMapException("exception for pg " + entry.pg() + " is not in 0 to "
                    + (rule.pgCount() - 1) + "; name a placement group of this set");
        }
        if (entry.replicas().size() > rule.copies()) {
            throw new InvalidClusterMapException("exception for pg " + entry.pg() + " names "
                    + entry.replicas().size() + " devices " + entry.replicas() + " for " + rule.copies()
                    + " copies; leave some out");
        }
    }

    private void checkNodes() {
        final Map<Integer, Device> firstOfNode = new HashMap<>();
        for (final Device device : devices.values()) {
            final Device first = firstOfNode.putIfAbsent(device.nodeId(), device);
            if (first != null && !first.location().equals(device.location())) {
                throw new InvalidClusterMapException("location " + device.location() + " of device " + device.id()
                        + " differs from " + first.location() + " of device " + first.id() + " on the same node "
                        + device.nodeId() + "; a node stands at one place");
            }
        }
    }

    private void checkReplicas() {
        final Set<Integer> ids = new HashSet<>(devices.keySet());
        for (int pg = 0; pg < pgTable.pgCount(); pg++) {
            for (int index = 0; index < pgTable.replicaCount(pg); index++) {
                if (!ids.contains(pgTable.replica(pg, index))) {
                    throw new InvalidClusterMapException("pg " + pg + " has a copy on device "
                            + pgTable.replica(pg, index)
                            + ", which is not in the map; move its copies away before a device is removed");
                }
            }
        }
    }
}
