package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.ExceptionEntry.Reason;
import io.basalt.placement.PlacementResult.Draws;
import io.basalt.placement.PlacementResult.Placed;
import io.basalt.placement.PlacementResult.Unplaceable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The mapping method, and its collision rules one by one.
class PlacementTest {
    private static final RoutingRule BY_RACK = new RoutingRule(4096, 3, FailureDomain.RACK);

    @Test
    void keepsItsGoldenReplicas() {
        final PgMapping mapping = Placement.of(PlacementSimulation.topology(SimulationOptions.DEFAULT))
                .placeAll();
        assertThat(mapping.replicas(0)).isEqualTo(ReplicaSet.of(856, 16, 56));
        assertThat(mapping.replicas(1)).isEqualTo(ReplicaSet.of(697, 391, 646));
        assertThat(mapping.replicas(2)).isEqualTo(ReplicaSet.of(764, 521, 626));
        assertThat(mapping.replicas(3)).isEqualTo(ReplicaSet.of(420, 305, 348));
        long all = 0;
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            for (int place = 0; place < 3; place++) {
                all = Mix64.mix64(all, mapping.replica(pg, place));
            }
        }
        assertThat(all).isEqualTo(0xbeff94ebebf7e46fL);
    }

    @Test
    void keepsItsGoldenReplicasWithUnequalWeights() {
        final PgMapping mapping = Placement.of(
                        PlacementSimulation.topology(SimulationOptions.DEFAULT.withUnequalWeights(true)))
                .placeAll();
        long all = 0;
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            for (int place = 0; place < 3; place++) {
                all = Mix64.mix64(all, mapping.replica(pg, place));
            }
        }
        assertThat(all).isEqualTo(0x7d48b0eceed56991L);
    }

    @Test
    void sameMapGivesTheSameAnswerHoweverItWasBuilt() {
        final ClusterMap map = Maps.even(BY_RACK, 6, 2, 3);
        final List<Device> shuffled = new ArrayList<>(map.devices());
        Collections.shuffle(shuffled, new Random(1));
        final ClusterMapBuilder builder = ClusterMap.builder(BY_RACK);
        shuffled.forEach(builder::addDevice);
        final ClusterMap again = builder.build();
        assertThat(again).isEqualTo(map);
        final Placement first = Placement.of(map);
        final Placement second = Placement.of(again);
        for (int pg = map.pgCount() - 1; pg >= 0; pg--) {
            assertThat(second.place(pg)).isEqualTo(first.place(pg));
        }
        // The order of the questions leaves no trace.
        assertThat(second.place(9)).isEqualTo(Placement.of(map).place(9));
    }

    @Test
    void allAtOnceIsTheSameAsOneByOne() {
        final ClusterMap map = Maps.even(BY_RACK, 5, 2, 2);
        final Placement placement = Placement.of(map);
        final PgMapping mapping = placement.placeAll();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            assertThat(mapping.replicas(pg)).isEqualTo(placement.place(pg).replicas());
        }
    }

    @Test
    void asksDevicesInTheOrderOfTheirStraws() {
        final ClusterMap map = Maps.even(new RoutingRule(64, 3, FailureDomain.DEVICE), 1, 1, 8);
        for (int pg = 0; pg < 64; pg++) {
            final long pgKey = Straw2.pgKey(pg);
            final int[] byStraw = map.devices().stream()
                    .sorted((a, b) -> Long.compare(straw(pgKey, a), straw(pgKey, b)))
                    .mapToInt(Device::id)
                    .limit(3)
                    .toArray();
            assertThat(Placement.of(map).place(pg))
                    .isEqualTo(new Placed(ReplicaSet.of(byStraw), FailureDomain.DEVICE, new Draws(3, 0, 0, 0)));
        }
    }

    @Test
    void rule1RedrawsWhenTheFailureDomainHasACopy() {
        final ClusterMap map = Maps.even(new RoutingRule(256, 2, FailureDomain.RACK), 2, 1, 4);
        final Placement placement = Placement.of(map);
        int redrawn = 0;
        for (int pg = 0; pg < 256; pg++) {
            final PlacementResult result = placement.place(pg);
            assertThat(result).isInstanceOf(Placed.class);
            assertThat(rack(map, result.replicas().device(0)))
                    .isNotEqualTo(rack(map, result.replicas().device(1)));
            assertThat(result.draws().attempts()).isEqualTo(2 + result.draws().domainUsed());
            redrawn += result.draws().domainUsed() > 0 ? 1 : 0;
        }
        assertThat(redrawn).isBetween(64, 192);
    }

    @Test
    void rule2RedrawsWhenTheDeviceIsOutOrDraining() {
        for (final DeviceState gone : List.of(DeviceState.OUT, DeviceState.DRAINING)) {
            final ClusterMap whole = Maps.even(BY_RACK, 8, 1, 2);
            final ClusterMap map = whole.withDeviceState(5, gone);
            int refused = 0;
            for (int pg = 0; pg < 1000; pg++) {
                final PlacementResult before = Placement.of(whole).place(pg);
                final PlacementResult result = Placement.of(map).place(pg);
                assertThat(result.replicas().contains(5)).isFalse();
                if (before.replicas().contains(5)) {
                    assertThat(result.draws().out()).isEqualTo(1);
                    refused++;
                } else {
                    assertThat(result.replicas()).isEqualTo(before.replicas());
                }
            }
            assertThat(refused).isPositive();
        }
    }

    @Test
    void aDeviceThatIsDownKeepsItsPlace() {
        final ClusterMap whole = Maps.even(BY_RACK, 8, 1, 2);
        final ClusterMap map = whole.withDeviceState(5, DeviceState.DOWN_IN);
        for (int pg = 0; pg < 1000; pg++) {
            assertThat(Placement.of(map).place(pg))
                    .isEqualTo(Placement.of(whole).place(pg));
        }
    }

    @Test
    void rule3RedrawsWhenTheDeviceIsFull() {
        final ClusterMap whole = Maps.even(BY_RACK, 8, 1, 2);
        final ClusterMap map = whole.withDeviceState(5, DeviceState.FULL);
        int refused = 0;
        for (int pg = 0; pg < 1000; pg++) {
            final PlacementResult result = Placement.of(map).place(pg);
            assertThat(result.replicas().contains(5)).isFalse();
            refused += result.draws().full();
            assertThat(result.draws().out()).isZero();
        }
        assertThat(refused).isPositive();
    }

    @Test
    void aFullDeviceKeepsTheCopiesThatItHas() {
        final ClusterMap whole = Maps.even(BY_RACK, 8, 1, 2);
        final PgMapping before = Placement.of(whole).placeAll();
        final ClusterMap full = whole.toBuilder()
                .pgTable(before.toPgTable(1))
                .deviceState(5, DeviceState.FULL)
                .build();
        assertThat(before.movedTo(Placement.of(full).placeAll())).isZero();
    }

    @Test
    void theRulesApplyInTheirOrder() {
        // Device 1 has the copy of its rack; device 2 beside it breaks every rule, and the first one counts.
        final ClusterMap map = Maps.even(new RoutingRule(4096, 2, FailureDomain.RACK), 2, 1, 2)
                .withDeviceState(2, DeviceState.FULL)
                .withDeviceState(4, DeviceState.OUT);
        int domainFirst = 0;
        int stateFirst = 0;
        for (int pg = 0; pg < 4096; pg++) {
            final PlacementResult result = Placement.of(map).place(pg);
            assertThat(result.replicas().toArray()).containsExactlyInAnyOrder(1, 3);
            domainFirst += result.draws().domainUsed();
            stateFirst += result.draws().out() + result.draws().full();
            assertThat(result.draws().attempts())
                    .isEqualTo(2
                            + result.draws().domainUsed()
                            + result.draws().out()
                            + result.draws().full());
        }
        assertThat(domainFirst).isPositive();
        assertThat(stateFirst).isPositive();
    }

    @Test
    void relaxesTheDomainByOneLevelWhenThereAreTooFew() {
        final ClusterMap map = Maps.even(BY_RACK, 2, 3, 2);
        for (int pg = 0; pg < 500; pg++) {
            final PlacementResult result = Placement.of(map).place(pg);
            assertThat(result)
                    .isInstanceOfSatisfying(
                            Placed.class, placed -> assertThat(placed.domain()).isEqualTo(FailureDomain.HOST));
            assertThat(domains(map, result, FailureDomain.RACK)).contains("room/rack0", "room/rack1");
            assertThat(domains(map, result, FailureDomain.HOST)).doesNotHaveDuplicates();
        }
    }

    @Test
    void failsWhenOneLevelIsNotEnough() {
        final ClusterMap map = Maps.even(BY_RACK, 2, 1, 4);
        final PlacementResult result = Placement.of(map).place(7);
        assertThat(result).isInstanceOfSatisfying(Unplaceable.class, failed -> {
            assertThat(failed.reason()).isEqualTo(PlacementResult.Reason.DOMAINS_EXHAUSTED);
            assertThat(failed.replicas().size()).isEqualTo(2);
            assertThat(failed.message()).contains("pg 7", "2 of 3 copies", "add a HOST");
        });
    }

    @Test
    void doesNotRelaxIfTheRuleForbidsIt() {
        final ClusterMap map = Maps.even(new RoutingRule(16, 3, FailureDomain.RACK, 0), 2, 3, 2);
        assertThat(Placement.of(map).place(0))
                .isInstanceOfSatisfying(
                        Unplaceable.class,
                        failed -> assertThat(failed.reason()).isEqualTo(PlacementResult.Reason.DOMAINS_EXHAUSTED));
    }

    @Test
    void relaxesAsFarAsTheRuleAllows() {
        final ClusterMap map = Maps.even(new RoutingRule(16, 3, FailureDomain.ROOM, 3), 1, 1, 3);
        assertThat(Placement.of(map).place(0))
                .isInstanceOfSatisfying(
                        Placed.class, placed -> assertThat(placed.domain()).isEqualTo(FailureDomain.DEVICE));
    }

    @Test
    void saysWhyItFails() {
        final RoutingRule rule = new RoutingRule(16, 3, FailureDomain.DEVICE);
        assertThat(reason(ClusterMap.builder(rule).build())).isEqualTo(PlacementResult.Reason.NO_DEVICE);
        final ClusterMap two = Maps.even(rule, 2, 1, 1);
        assertThat(reason(two)).isEqualTo(PlacementResult.Reason.DEVICES_EXHAUSTED);
        final ClusterMap three = Maps.even(rule, 3, 1, 1);
        assertThat(reason(three.withDeviceState(1, DeviceState.OUT))).isEqualTo(PlacementResult.Reason.DEVICES_OUT);
        assertThat(reason(three.withDeviceState(1, DeviceState.FULL))).isEqualTo(PlacementResult.Reason.DEVICES_FULL);
    }

    @Test
    void anExceptionComesBeforeTheDraw() {
        final ClusterMap map = Maps.even(BY_RACK, 6, 1, 2).toBuilder()
                .exception(new ExceptionEntry(9, ReplicaSet.of(12, 1, 2), Reason.OPERATOR))
                .build();
        assertThat(Placement.of(map).place(9).replicas()).isEqualTo(ReplicaSet.of(12, 1, 2));
        assertThat(Placement.of(map).draw(9).replicas()).isNotEqualTo(ReplicaSet.of(12, 1, 2));
    }

    @Test
    void whatAnExceptionCannotFillIsDrawn() {
        final ClusterMap map = Maps.even(BY_RACK, 6, 1, 2).toBuilder()
                .exception(new ExceptionEntry(9, ReplicaSet.of(12, 3, 5), Reason.BALANCE))
                .deviceState(3, DeviceState.OUT)
                .build();
        final ReplicaSet replicas = Placement.of(map).place(9).replicas();
        assertThat(replicas.size()).isEqualTo(3);
        assertThat(replicas.device(0)).isEqualTo(12);
        assertThat(replicas.device(1)).isEqualTo(5);
        assertThat(rack(map, replicas.device(2))).isNotIn(rack(map, 12), rack(map, 5));
        assertThat(Placement.of(map.withoutDevice(3)).place(9).replicas()).isEqualTo(replicas);
    }

    @Test
    void drawsStayClearOfTheDomainsOfAnException() {
        final ClusterMap map = Maps.even(BY_RACK, 4, 1, 4);
        final List<ExceptionEntry> entries = new ArrayList<>();
        for (int pg = 0; pg < 500; pg++) {
            entries.add(new ExceptionEntry(pg, ReplicaSet.of(1 + pg % 16), Reason.OPERATOR));
        }
        final ClusterMap pinned = map.withExceptions(ExceptionTable.of(entries));
        for (int pg = 0; pg < 500; pg++) {
            final PlacementResult result = Placement.of(pinned).place(pg);
            assertThat(result.replicas().device(0)).isEqualTo(1 + pg % 16);
            assertThat(domains(map, result, FailureDomain.RACK)).hasSize(3).doesNotHaveDuplicates();
        }
    }

    @Test
    void refusesAPlacementGroupThatIsNotThere() {
        final Placement placement = Placement.of(Maps.even(BY_RACK, 3, 1, 1));
        assertThatThrownBy(() -> placement.place(4096)).hasMessageContaining("0 to 4095");
        assertThatThrownBy(() -> placement.draw(-1)).hasMessageContaining("pg -1");
    }

    private static PlacementResult.Reason reason(ClusterMap map) {
        final PlacementResult result = Placement.of(map).place(0);
        if (result instanceof Unplaceable failed) {
            return failed.reason();
        }
        throw new AssertionError("placed: " + result);
    }

    private static long straw(long pgKey, Device device) {
        return Straw2.straw(pgKey, Straw2.deviceKey(device.id()), Straw2.inverse(device.weight()));
    }

    private static List<String> domains(ClusterMap map, PlacementResult result, FailureDomain domain) {
        return Arrays.stream(result.replicas().toArray())
                .mapToObj(id -> Maps.domainOf(map, id, domain))
                .toList();
    }

    private static String rack(ClusterMap map, int id) {
        return Maps.domainOf(map, id, FailureDomain.RACK);
    }
}
