package io.basalt.placement;

import io.basalt.placement.SimulationReport.Movement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The placement calculator: what a topology is worth before it is bought. It builds the map that the options
/// describe and runs the production placement and balancer on it; nothing is approximated but the durability model.
public final class PlacementSimulation {
    private static final long TIB = 1L << 40;
    private static final int EQUAL_TIB = 4;

    private final SimulationOptions options;
    private final ClusterMap bare;
    private final PgMapping bareMapping;
    private final ClusterMap balanced;
    private final PgMapping balancedMapping;
    private final Balancer.Result balance;

    private PlacementSimulation(SimulationOptions options) {
        this.options = options;
        this.bare = topology(options);
        this.bareMapping = Placement.of(bare).placeAll();
        this.balance = Balancer.balance(bare, options.limit(), Integer.MAX_VALUE);
        final ClusterMap next = bare.withExceptions(balance.table());
        this.balancedMapping = balance.mapping();
        this.balanced = next.toBuilder().pgTable(balancedMapping.toPgTable(1)).build();
    }

    /// Runs the calculation; some seconds for 1000 devices, growing with devices × placement groups.
    public static SimulationReport run(SimulationOptions options) {
        return new PlacementSimulation(options).report();
    }

    /// The map that options describe: no exceptions, no placement group created.
    public static ClusterMap topology(SimulationOptions options) {
        final ClusterMapBuilder builder =
                ClusterMap.builder(new RoutingRule(options.pgCount(), options.copies(), options.failureDomain()));
        int host = 0;
        for (int room = 0; room < options.rooms(); room++) {
            for (int rack = 0; rack < options.racksPerRoom(); rack++) {
                for (int inRack = 0; inRack < options.hostsPerRack(); inRack++) {
                    addHost(builder, options, host, new Location("room" + room, "rack" + rack, "host" + inRack));
                    host++;
                }
            }
        }
        return builder.build();
    }

    private static void addHost(ClusterMapBuilder builder, SimulationOptions options, int host, Location location) {
        final long lot = Mix64.mix64(options.seed(), host) >>> (Long.SIZE - 2);
        final long tib = options.unequalWeights() ? 1L << lot : EQUAL_TIB;
        for (int device = 0; device < options.devicesPerHost(); device++) {
            final int id = host * options.devicesPerHost() + device + 1;
            builder.addDevice(new Device(
                    id, host + 1, location, Device.weightOf(tib * TIB), DeviceState.UP_IN, "host" + host + ":7710"));
        }
    }

    private SimulationReport report() {
        final int hosts = options.devices() / options.devicesPerHost();
        final int hostsAdded = Math.max(1, (int) Math.round(hosts * options.addedShare()));
        final int racks = options.rooms() * options.racksPerRoom();
        final List<Movement> movements = new ArrayList<>();
        movements.add(added(hostsAdded + " hosts added in new racks", hostsAdded, true));
        movements.add(added(hostsAdded + " hosts added in old racks", hostsAdded, false));
        movements.add(taken("one device out", map -> out(map, Set.of(1)), Set.of(1)));
        movements.add(taken("one device removed", map -> removed(map, 1), Set.of(1)));
        if (racks > options.copies()) {
            final Set<Integer> rack = IntStream.rangeClosed(1, options.hostsPerRack() * options.devicesPerHost())
                    .boxed()
                    .collect(Collectors.toUnmodifiableSet());
            movements.add(taken("one rack out", map -> out(map, rack), rack));
        }
        return new SimulationReport(
                options,
                bare.pgCount(),
                balance.before(),
                balance.after(),
                Balance.of(bare, PrimaryOrder.even(bare, balancedMapping)),
                balance.table().size(),
                balance.moved(),
                movements,
                Durability.of(balanced, balancedMapping, options.durability()));
    }

    /// Adds hosts, as many to a rack as racks have; in old racks they are unevenly spread: the first racks double.
    private Movement added(String change, int hosts, boolean newRacks) {
        final int first = options.devices() / options.devicesPerHost();
        final UnaryOperator<ClusterMap> grow = map -> {
            final ClusterMapBuilder builder = map.toBuilder();
            for (int host = 0; host < hosts; host++) {
                final String rack =
                        (newRacks ? "new" : "rack") + host / options.hostsPerRack() % options.racksPerRoom();
                addHost(builder, options, first + host, new Location("room0", rack, "new" + host));
            }
            return builder.build();
        };
        final double share = 1 - weight(bare) / weight(grow.apply(bare));
        final double ideal = share * bare.pgCount() * options.copies();
        return movement(change, grow, ideal, ideal);
    }

    private Movement taken(String change, UnaryOperator<ClusterMap> take, Set<Integer> ids) {
        return movement(change, take, held(bareMapping, ids), held(balancedMapping, ids));
    }

    private Movement movement(String change, UnaryOperator<ClusterMap> step, double drawnIdeal, double balancedIdeal) {
        final PgMapping drawn = Placement.of(step.apply(bare)).placeAll();
        final ClusterMap next = step.apply(balanced);
        final Balancer.Result again = Balancer.balance(next, options.limit(), Integer.MAX_VALUE);
        return new Movement(
                change,
                drawnIdeal,
                bareMapping.movedTo(drawn),
                balancedIdeal,
                balancedMapping.movedTo(again.mapping()),
                again.after().maxOverMean());
    }

    private static int held(PgMapping mapping, Set<Integer> ids) {
        int held = 0;
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            for (int place = 0; place < mapping.copies(); place++) {
                held += ids.contains(mapping.replica(pg, place)) ? 1 : 0;
            }
        }
        return held;
    }

    private static ClusterMap out(ClusterMap map, Set<Integer> ids) {
        final ClusterMapBuilder builder = map.toBuilder();
        ids.forEach(id -> builder.deviceState(id, DeviceState.OUT));
        return builder.build();
    }

    /// The map after a device was drained and removed: no placement group has a copy there any more.
    private static ClusterMap removed(ClusterMap map, int id) {
        return map.toBuilder()
                .pgTable(PgTable.empty(map.pgCount(), map.copies()))
                .removeDevice(id)
                .build();
    }

    private static double weight(ClusterMap map) {
        double weight = 0;
        for (final Device device : map.devices()) {
            weight += device.weight();
        }
        return weight;
    }
}
