package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.ExceptionEntry.Reason;
import io.basalt.placement.PlacementResult.Placed;
import io.basalt.testkit.SeededTest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BalancerTest {
    private static final RoutingRule RULE = new RoutingRule(1200, 3, FailureDomain.RACK);

    @Test
    void bringsASmallSetToTheLimitWithoutBreakingDomains() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final Balancer.Result result = Balancer.balance(map);
        assertThat(result.before().maxOverMean()).isGreaterThan(1.05);
        assertThat(result.after().maxOverMean()).isLessThanOrEqualTo(1.05);
        assertDomains(map.withExceptions(result.table()));
    }

    @Test
    void keepsDomainsAndMovesWhatItSaysOnRandomTrees() {
        SeededTest.run(60, random -> {
            final ClusterMap map = Maps.random(random, new RoutingRule(600, 3, FailureDomain.RACK), 4);
            final Balancer.Result result = Balancer.balance(map);
            final ClusterMap next = map.withExceptions(result.table());
            assertDomains(next);
            assertThat(Placement.of(map).placeAll().movedTo(Placement.of(next).placeAll()))
                    .isEqualTo(result.moved());
            assertThat(result.after().maxOverMean())
                    .isLessThanOrEqualTo(result.before().maxOverMean());
            assertThat(result.after().missing()).isZero();
        });
    }

    @Test
    void movesNoMoreThanTheExcess() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final PgMapping mapping = Placement.of(map).placeAll();
        final int share = 3600 / 36;
        int excess = 0;
        for (final Device device : map.devices()) {
            int load = 0;
            for (int pg = 0; pg < map.pgCount(); pg++) {
                load += mapping.contains(pg, device.id()) ? 1 : 0;
            }
            excess += Math.max(0, load - share * 105 / 100);
        }
        assertThat(Balancer.balance(map).moved()).isEqualTo(excess);
    }

    @Test
    void aBalancedMapIsLeftAlone() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final ClusterMap balanced = map.withExceptions(Balancer.balance(map).table());
        final Balancer.Result again = Balancer.balance(balanced);
        assertThat(again.moved()).isZero();
        assertThat(again.table()).isEqualTo(balanced.exceptions());
    }

    @Test
    void sameMapGivesTheSameTable() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        assertThat(Balancer.balance(map)).isEqualTo(Balancer.balance(map));
    }

    @Test
    void worksInStepsOfAGivenSize() {
        ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final int whole = Balancer.balance(map).moved();
        int moved = 0;
        int steps = 0;
        Balancer.Result result = Balancer.balance(map, 1.05, 10);
        while (result.moved() > 0) {
            assertThat(result.moved()).isLessThanOrEqualTo(10);
            moved += result.moved();
            steps++;
            map = map.withExceptions(result.table());
            result = Balancer.balance(map, 1.05, 10);
        }
        assertThat(steps).isEqualTo((whole + 9) / 10);
        assertThat(moved).isEqualTo(whole);
        assertThat(result.after().maxOverMean()).isLessThanOrEqualTo(1.05);
    }

    @Test
    void leavesEntriesOfOthersAlone() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final ExceptionEntry operators = new ExceptionEntry(3, ReplicaSet.of(1, 2, 3), Reason.OPERATOR);
        final ExceptionEntry repairs = new ExceptionEntry(4, ReplicaSet.of(1, 2, 3), Reason.TEMPORARY);
        final ExceptionTable table = Balancer.balance(
                        map.withExceptions(ExceptionTable.of(List.of(operators, repairs))))
                .table();
        assertThat(table.entry(3)).isEqualTo(operators);
        assertThat(table.entry(4)).isEqualTo(repairs);
    }

    @Test
    void dropsItsEntriesThatSayWhatTheDrawSays() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final ReplicaSet drawn = Placement.of(map).draw(5).replicas();
        final ReplicaSet turned = ReplicaSet.of(drawn.device(2), drawn.device(0), drawn.device(1));
        final ExceptionTable needless = ExceptionTable.of(List.of(new ExceptionEntry(5, turned, Reason.BALANCE)));
        assertThat(Balancer.balance(map.withExceptions(needless), 9, 0).table()).isEqualTo(ExceptionTable.EMPTY);
    }

    @Test
    void prefersDevicesThatHaveTheCopyAlready() {
        // Copies are at random places: seen from there, moving to one of them costs nothing.
        SeededTest.run(5, random -> {
            final ClusterMap bare = Maps.even(RULE, 6, 2, 3);
            final PgTable.Builder actual = bare.pgTable().toBuilder();
            for (int pg = 0; pg < bare.pgCount(); pg++) {
                final int rack = random.nextInt(6);
                actual.set(
                        pg,
                        1,
                        ReplicaSet.of(
                                rack * 6 + 1 + random.nextInt(6),
                                (rack + 1) % 6 * 6 + 1 + random.nextInt(6),
                                (rack + 2) % 6 * 6 + 1 + random.nextInt(6)),
                        0b111);
            }
            final ClusterMap map = bare.toBuilder().pgTable(actual.build()).build();
            final PgMapping drawn = Placement.of(map).placeAll();
            final PgMapping balanced = Balancer.balance(map).mapping();
            int there = 0;
            for (int pg = 0; pg < map.pgCount(); pg++) {
                for (int place = 0; place < 3; place++) {
                    final int device = balanced.replica(pg, place);
                    there += !drawn.contains(pg, device) && map.pgTable().indexOf(pg, device) >= 0 ? 1 : 0;
                }
            }
            assertThat(there).isGreaterThan(drawn.movedTo(balanced) / 3);
        });
    }

    @Test
    void forgetsDevicesThatAreOffTheMap() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final ReplicaSet drawn = Placement.of(map).draw(5).replicas();
        final int elsewhere = IntStream.rangeClosed(1, 36)
                .filter(id -> !drawn.contains(id) && !drawn.contains(id - 1))
                .findFirst()
                .orElseThrow();
        final ClusterMap named = map.withExceptions(ExceptionTable.of(List.of(
                        new ExceptionEntry(5, ReplicaSet.of(elsewhere, drawn.device(1)), Reason.BALANCE),
                        new ExceptionEntry(6, ReplicaSet.of(36), Reason.BALANCE),
                        new ExceptionEntry(7, ReplicaSet.of(36), Reason.OPERATOR))))
                .withoutDevice(36);
        final ExceptionTable table = Balancer.balance(named, 9, 0).table();
        assertThat(table.entry(6)).isNull();
        assertThat(table.entry(7)).isEqualTo(named.exceptions().entry(7));
        assertThat(table.entry(5)).isEqualTo(named.exceptions().entry(5));
        final ClusterMap without = named.withoutDevice(drawn.device(1));
        assertThat(Balancer.balance(without, 9, 0).table().entry(5))
                .isEqualTo(new ExceptionEntry(5, ReplicaSet.of(elsewhere), Reason.BALANCE));
    }

    @Test
    void putsNothingOnDevicesThatAreNotUpAndIn() {
        final ClusterMap whole = Maps.even(RULE, 8, 2, 3);
        final ClusterMap map = whole.toBuilder()
                .pgTable(Placement.of(whole).placeAll().toPgTable(1))
                .deviceState(1, DeviceState.FULL)
                .deviceState(10, DeviceState.DOWN_IN)
                .deviceState(20, DeviceState.OUT)
                .deviceState(30, DeviceState.DRAINING)
                .build();
        final PgMapping before = Placement.of(map).placeAll();
        final PgMapping after =
                Placement.of(map.withExceptions(Balancer.balance(map).table())).placeAll();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (final int id : new int[] {1, 10, 20, 30}) {
                assertThat(after.contains(pg, id) && !before.contains(pg, id)).isFalse();
            }
        }
    }

    @Test
    void takesTheShareThatDomainsAllow() {
        // One rack has half of all the weight, and can hold a third of the copies: all others share the rest.
        final ClusterMapBuilder builder = ClusterMap.builder(RULE);
        for (int device = 1; device <= 4; device++) {
            builder.addDevice(Maps.device(device, 1, "big", "host", 4 * Maps.WEIGHT));
            builder.addDevice(Maps.device(device + 4, 2, "small1", "host", Maps.WEIGHT));
            builder.addDevice(Maps.device(device + 8, 3, "small2", "host", Maps.WEIGHT));
            builder.addDevice(Maps.device(device + 12, 4, "small3", "host", Maps.WEIGHT));
            builder.addDevice(Maps.device(device + 16, 5, "small4", "host", Maps.WEIGHT));
        }
        final Balancer.Result result = Balancer.balance(builder.build());
        assertThat(result.after().maxOverMean()).isLessThanOrEqualTo(1.05);
        assertThat(result.after().minOverMean()).isGreaterThan(0.9);
        assertThat(result.after().missing()).isZero();
    }

    @Test
    void refusesLimitsBelowTheMean() {
        final ClusterMap map = Maps.even(RULE, 3, 1, 1);
        assertThatThrownBy(() -> Balancer.balance(map, 0.99, 1)).hasMessageContaining("limit 0.99");
        assertThatThrownBy(() -> Balancer.balance(map, Double.NaN, 1)).hasMessageContaining("limit NaN");
        assertThatThrownBy(() -> Balancer.balance(map, 1, -1)).hasMessageContaining("moves -1");
    }

    @Test
    void aMapWithoutDevicesHasNothingToBalance() {
        final Balancer.Result result = Balancer.balance(ClusterMap.builder(RULE).build());
        assertThat(result.moved()).isZero();
        assertThat(result.after()).isEqualTo(new Balance(0, 0, 3600, 0, 0, 0, 0));
    }

    @Test
    void primariesAreSpreadWithoutMovingACopy() {
        final ClusterMap map = Maps.even(RULE, 6, 2, 3);
        final PgMapping mapping = Placement.of(map).placeAll();
        final PgMapping even = PrimaryOrder.even(map, mapping);
        assertThat(mapping.movedTo(even)).isZero();
        assertThat(even.movedTo(mapping)).isZero();
        assertThat(Balance.of(map, mapping).primaryMaxOverMean()).isGreaterThan(1.2);
        assertThat(Balance.of(map, even).primaryMaxOverMean()).isLessThanOrEqualTo(1.05);
    }

    private static void assertDomains(ClusterMap map) {
        final Placement placement = Placement.of(map);
        for (int pg = 0; pg < map.pgCount(); pg++) {
            assertThat(placement.place(pg)).isInstanceOf(Placed.class);
            final Set<String> domains = new HashSet<>();
            for (final int id : placement.place(pg).replicas().toArray()) {
                domains.add(Maps.domainOf(map, id, map.rule().failureDomain()));
            }
            assertThat(domains).hasSize(map.copies());
        }
    }
}
