package io.basalt.placement;

import io.basalt.placement.ExceptionEntry.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The balancer: it fills a map's exception table so that no device has more than a given multiple of its share.
///
/// It moves the excess of overfull devices and nothing else, which is the least that can be moved. To keep
/// the table short it first moves placement groups that have an entry already or that have several copies
/// on overfull devices. A copy goes back to a device that has it already, as the [PgTable] says, if that
/// has room; otherwise to the device that is emptiest for its weight. Failure domains are kept. Entries of
/// operators and of repairs are left alone, and entries of its own that say what the draw says anyway are
/// dropped.
///
/// A pure function: the same map gives the same table. One thread.
public final class Balancer {
    /// The load of the fullest device over the mean that is aimed at by default.
    public static final double LIMIT_DEFAULT = 1.05;

    private final ClusterMap map;
    private final Placement placement;
    private final DeviceIndex devices;
    private final int[] domains;
    private final int copies;
    /// By placement group and place: the device's index, or -1.
    private final int[] replicas;
    private final int[] loads;
    private final double[] targets;
    private final int[] limits;
    private final NavigableMap<Integer, ExceptionEntry> entries = new TreeMap<>();
    private int moves;

    /// What the balancer proposes.
    ///
    /// @param table to be put into the map's next version
    /// @param moved copies that the proposal moves, compared with the map as it is
    /// @param before balance of the map as it is
    /// @param after balance with the table
    /// @param mapping where the copies belong with the table
    public record Result(ExceptionTable table, int moved, Balance before, Balance after, PgMapping mapping) {}

    private Balancer(ClusterMap map, PgMapping mapping, double limit) {
        this.map = map;
        this.placement = Placement.of(map);
        this.devices = new DeviceIndex(map.devices());
        this.domains = devices.domainNumbers(map.rule().failureDomain());
        this.copies = map.copies();
        this.replicas = new int[map.pgCount() * copies];
        this.loads = new int[devices.count()];
        this.targets = new double[devices.count()];
        this.limits = new int[devices.count()];
        final LoadTargets shares = new LoadTargets(map, devices);
        for (int index = 0; index < limits.length; index++) {
            targets[index] = shares.of(index);
            limits[index] = (int) Math.max(Math.ceil(targets[index]), Math.floor(targets[index] * limit));
        }
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int place = 0; place < copies; place++) {
                final int index = devices.indexOf(mapping.replica(pg, place));
                replicas[pg * copies + place] = index;
                if (index >= 0) {
                    loads[index]++;
                }
            }
        }
        map.exceptions().entries().forEach(entry -> entries.put(entry.pg(), entry));
    }

    /// A table that brings the map to [#LIMIT_DEFAULT], however much it moves.
    public static Result balance(ClusterMap map) {
        return balance(map, LIMIT_DEFAULT, Integer.MAX_VALUE);
    }

    /// A table that brings the map to a limit, or as near as it can be.
    ///
    /// @param limit most load of a device over its share; from 1. A device may always have its share rounded up
    /// @param movesMax most copies to move, so that a big imbalance can be worked off in steps
    public static Result balance(ClusterMap map, double limit, int movesMax) {
        if (!(limit >= 1)) {
            throw new IllegalArgumentException("limit " + limit + " is below 1, the mean; 1.05 is the usual choice");
        }
        if (movesMax < 0) {
            throw new IllegalArgumentException("moves " + movesMax + " are negative; 0 only tidies the table up");
        }
        final PgMapping before = Placement.of(map).placeAll();
        final Balancer balancer = new Balancer(map, before, limit);
        balancer.dropNeedless();
        for (int overfullMin = map.copies(); overfullMin >= 1; overfullMin--) {
            balancer.round(overfullMin, movesMax);
        }
        balancer.dropNeedless();
        final ExceptionTable table = ExceptionTable.of(balancer.entries.values());
        final ClusterMap next = map.withExceptions(table);
        final PgMapping after = Placement.of(next).placeAll();
        return new Result(table, before.movedTo(after), Balance.of(map, before), Balance.of(next, after), after);
    }

    /// Drops own entries that name the devices that the draw finds, and devices from them that are off the map.
    private void dropNeedless() {
        for (final ExceptionEntry entry : List.copyOf(entries.values())) {
            if (entry.reason() != Reason.BALANCE) {
                continue;
            }
            final ReplicaSet known = onTheMap(entry.replicas());
            if (known.size() == 0 || saysWhatTheDrawSays(entry.pg())) {
                entries.remove(entry.pg());
            } else if (!known.equals(entry.replicas())) {
                entries.put(entry.pg(), new ExceptionEntry(entry.pg(), known, Reason.BALANCE));
            }
        }
    }

    private ReplicaSet onTheMap(ReplicaSet named) {
        return ReplicaSet.of(Arrays.stream(named.toArray())
                .filter(id -> devices.indexOf(id) >= 0)
                .toArray());
    }

    private boolean saysWhatTheDrawSays(int pg) {
        final ReplicaSet drawn = placement.draw(pg).replicas();
        int placed = 0;
        for (int place = 0; place < copies; place++) {
            final int index = replicas[pg * copies + place];
            if (index >= 0) {
                placed++;
                if (!drawn.contains(devices.device(index).id())) {
                    return false;
                }
            }
        }
        return placed == drawn.size();
    }

    /// Goes over all placement groups with at least so many copies on overfull devices; of those with an entry, one
    /// is enough.
    private void round(int overfullMin, int movesMax) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final ExceptionEntry entry = entries.get(pg);
            if (entry != null && entry.reason() != Reason.BALANCE) {
                continue;
            }
            if (overfull(pg) >= (entry == null ? overfullMin : 1)) {
                relieve(pg, movesMax);
            }
        }
    }

    private int overfull(int pg) {
        int count = 0;
        for (int place = 0; place < copies; place++) {
            count += overfullAt(replicas[pg * copies + place]) ? 1 : 0;
        }
        return count;
    }

    private boolean overfullAt(int index) {
        return index >= 0 && loads[index] > limits[index];
    }

    private void relieve(int pg, int movesMax) {
        boolean changed = false;
        for (int place = 0; place < copies && moves < movesMax; place++) {
            final int from = replicas[pg * copies + place];
            if (!overfullAt(from)) {
                continue;
            }
            final int to = room(pg, place);
            if (to >= 0) {
                replicas[pg * copies + place] = to;
                loads[from]--;
                loads[to]++;
                moves++;
                changed = true;
            }
        }
        if (changed) {
            entries.put(pg, new ExceptionEntry(pg, set(pg), Reason.BALANCE));
        }
    }

    /// The device that a copy may go to: one that has it already, else the emptiest for its weight; or -1. It never
    /// gets as full as the device that the copy is on.
    private int room(int pg, int place) {
        final double fullness = fullness(replicas[pg * copies + place], 0);
        int best = -1;
        double least = 1;
        for (int index = 0; index < loads.length; index++) {
            if (loads[index] >= limits[index]
                    || devices.device(index).state() != DeviceState.UP_IN
                    || domainTaken(pg, place, domains[index])
                    || fullness(index, 1) >= fullness) {
                continue;
            }
            if (map.pgTable().indexOf(pg, devices.device(index).id()) >= 0) {
                return index;
            }
            if (fullness(index, 0) < least) {
                least = fullness(index, 0);
                best = index;
            }
        }
        return best;
    }

    private double fullness(int index, int more) {
        return (loads[index] + more) / targets[index];
    }

    /// Whether another copy of the placement group is in the domain.
    private boolean domainTaken(int pg, int place, int domain) {
        for (int other = 0; other < copies; other++) {
            final int index = replicas[pg * copies + other];
            if (other != place && index >= 0 && domains[index] == domain) {
                return true;
            }
        }
        return false;
    }

    private ReplicaSet set(int pg) {
        final int[] ids = new int[copies];
        int count = 0;
        for (int place = 0; place < copies; place++) {
            final int index = replicas[pg * copies + place];
            if (index >= 0) {
                ids[count++] = devices.device(index).id();
            }
        }
        return ReplicaSet.of(Arrays.copyOf(ids, count));
    }
}
