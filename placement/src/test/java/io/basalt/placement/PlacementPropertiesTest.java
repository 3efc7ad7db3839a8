package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.placement.PlacementResult.Placed;
import io.basalt.placement.PlacementResult.Unplaceable;
import io.basalt.testkit.SeededTest;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What holds for every tree: copies apart wherever that is possible, and no more moved than must be.
class PlacementPropertiesTest {
    private static final int PGS = 64;

    @Test
    void keepsCopiesInDifferentDomainsWheneverThereAreEnough() {
        SeededTest.run(300, random -> {
            final ClusterMap map = Maps.randomStates(random, rule(random, random.nextInt(4)));
            final Placement placement = Placement.of(map);
            for (int pg = 0; pg < PGS; pg++) {
                final PlacementResult result = placement.place(pg);
                check(map, result);
                assertThat(result.draws().attempts())
                        .isLessThanOrEqualTo(
                                map.devices().size() * (1 + map.rule().relaxations()));
            }
        });
    }

    private static void check(ClusterMap map, PlacementResult result) {
        for (final int id : result.replicas().toArray()) {
            assertThat(Maps.require(map, id).state()).isIn(DeviceState.UP_IN, DeviceState.DOWN_IN);
        }
        final FailureDomain wanted = map.rule().failureDomain();
        final int domains = usable(map, wanted).size();
        switch (result) {
            case Placed placed -> {
                assertThat(domainsOf(map, placed.replicas(), placed.domain())).hasSize(map.copies());
                assertThat(placed.domain() == wanted).isEqualTo(domains >= map.copies());
                // Also when relaxed, the wider domains are all used.
                assertThat(domainsOf(map, placed.replicas(), wanted)).hasSize(Math.min(domains, map.copies()));
            }
            case Unplaceable failed -> {
                assertThat(failed.replicas().size()).isLessThan(map.copies());
                FailureDomain last = wanted;
                for (int relaxed = 0; relaxed < map.rule().relaxations() && last.relaxes(); relaxed++) {
                    last = last.narrower();
                }
                assertThat(usable(map, last)).hasSize(failed.replicas().size());
            }
        }
    }

    @Test
    void aDeviceAddedTakesCopiesAndNothingElseMoves() {
        SeededTest.run(200, random -> {
            final ClusterMap map = Maps.random(random, strict(random), 4);
            final Device like = map.devices().get(random.nextInt(map.devices().size()));
            final Location place = random.nextBoolean() ? like.location() : new Location("new", "rack", "host");
            final ClusterMap next = map.withDevice(new Device(
                    100_000, 100_000, place, random.nextInt(1, 16 * Device.WEIGHT_ONE), DeviceState.UP_IN, "h:1"));
            assertOnlyMoves(map, next, 100_000, true);
        });
    }

    @Test
    void aDeviceTakenAwayGivesItsCopiesUpAndNothingElseMoves() {
        SeededTest.run(200, random -> {
            final ClusterMap map = Maps.random(random, strict(random), 5);
            final int id =
                    map.devices().get(random.nextInt(map.devices().size())).id();
            assertOnlyMoves(map, map.withDeviceState(id, DeviceState.OUT), id, false);
            assertOnlyMoves(map, map.withoutDevice(id), id, false);
            assertThat(Placement.of(map.withDeviceState(id, DeviceState.OUT))
                            .placeAll()
                            .movedTo(Placement.of(map.withoutDevice(id)).placeAll()))
                    .isZero();
        });
    }

    @Test
    void aWeightChangedMovesCopiesOfThatDeviceOnly() {
        SeededTest.run(200, random -> {
            final ClusterMap map = Maps.random(random, strict(random), 4);
            final Device device = map.devices().get(random.nextInt(map.devices().size()));
            final int weight = random.nextInt(1, 16 * Device.WEIGHT_ONE);
            final ClusterMap next =
                    map.toBuilder().deviceWeight(device.id(), weight).build();
            assertOnlyMoves(map, next, device.id(), weight > device.weight());
        });
    }

    /// Copies move to the device, or away from it, and at most one of each placement group does.
    private static void assertOnlyMoves(ClusterMap before, ClusterMap after, int deviceId, boolean to) {
        final PgMapping from = Placement.of(before).placeAll();
        final PgMapping into = Placement.of(after).placeAll();
        for (int pg = 0; pg < before.pgCount(); pg++) {
            final Set<Integer> gained = ids(into.replicas(pg));
            gained.removeAll(ids(from.replicas(pg)));
            final Set<Integer> lost = ids(from.replicas(pg));
            lost.removeAll(ids(into.replicas(pg)));
            assertThat(gained).hasSameSizeAs(lost).hasSizeLessThanOrEqualTo(1);
            if (!gained.isEmpty()) {
                assertThat(to ? gained : lost).containsExactly(deviceId);
            }
        }
    }

    private static RoutingRule rule(RandomGenerator random, int relaxations) {
        final FailureDomain[] domains = FailureDomain.values();
        return new RoutingRule(PGS, random.nextInt(1, 6), domains[random.nextInt(domains.length)], relaxations);
    }

    /// A rule that trees with enough racks can keep without relaxing.
    private static RoutingRule strict(RandomGenerator random) {
        final FailureDomain[] domains = {FailureDomain.RACK, FailureDomain.HOST, FailureDomain.DEVICE};
        return new RoutingRule(PGS, random.nextInt(1, 4), domains[random.nextInt(domains.length)], 0);
    }

    private static Set<String> usable(ClusterMap map, FailureDomain domain) {
        final Set<String> usable = new HashSet<>();
        for (final Device device : map.devices()) {
            if (device.state() == DeviceState.UP_IN || device.state() == DeviceState.DOWN_IN) {
                usable.add(Maps.domainOf(map, device.id(), domain));
            }
        }
        return usable;
    }

    private static Set<String> domainsOf(ClusterMap map, ReplicaSet replicas, FailureDomain domain) {
        final Set<String> found = new HashSet<>();
        for (final int id : replicas.toArray()) {
            found.add(Maps.domainOf(map, id, domain));
        }
        return found;
    }

    private static Set<Integer> ids(ReplicaSet replicas) {
        final Set<Integer> ids = new HashSet<>();
        for (final int id : replicas.toArray()) {
            ids.add(id);
        }
        return ids;
    }
}
