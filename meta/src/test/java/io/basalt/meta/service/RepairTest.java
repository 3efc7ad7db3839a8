package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.DeviceState;
import io.basalt.placement.PgTable;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RepairReport;
import io.basalt.wire.meta.RequestId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Copies that are missing are made anew elsewhere, a few at a time, without ever having fewer good ones than before.
/// There are four chunk servers for three copies; the test plays the primaries, which let copies join.
class RepairTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long MILLISECONDS_5 = 5_000_000L;
    private static final MetaServiceOptions OPTIONS = MetaWorld.OPTIONS.withFailureTimes(30_000_000L, 3 * SECOND_NS);

    private final MetaWorld world = new MetaWorld(new Random(11), OPTIONS);
    private int mostAtOnce;
    private int fewestGood = Integer.MAX_VALUE;

    RepairTest() {
        world.cluster();
        world.chunk(4);
        world.until("four devices have copies", () -> world.settled() && copiesOn(4) > 0);
        world.service()
                .propose(
                        new MetaCommand.CreateVolume(RequestId.NONE, "vm1", 1L << 30, 1 << 20, 4096, "ssd", "", 1),
                        result -> assertThat(result.done()).isTrue());
        world.until("the volume is made", () -> world.service().state().volumeCount() == 1);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void copiesOfANodeThatStaysAwayAreMadeElsewhereAFewAtATime() {
        final int copies = copiesOn(2);
        assertThat(copies).isGreaterThan(OPTIONS.movesMax());
        cutOff(2);
        world.until("the node is down", () -> state(2) == DeviceState.DOWN_IN);
        world.pass(SECOND_NS);
        assertThat(copiesOn(2)).isEqualTo(copies);
        world.until("the device is out", () -> state(2) == DeviceState.OUT);
        untilWithPrimaries("its copies are elsewhere", () -> copiesOn(2) == 0 && isClean());
        assertThat(mostAtOnce).isPositive().isLessThanOrEqualTo(OPTIONS.movesMax());
        assertThat(world.service().repairs().active()).isEmpty();
        assertThat(world.service().repairs().ended())
                .hasSizeGreaterThanOrEqualTo(copies)
                .filteredOn(repair -> repair.from() == 2 && repair.done())
                .hasSize(copies);
        world.network.heal();
        world.until("the device is in again by itself", () -> state(2) == DeviceState.UP_IN);
        mostAtOnce = 0;
        fewestGood = Integer.MAX_VALUE;
        untilWithPrimaries("it has its share again", () -> copiesOn(2) == copies && isClean());
        assertThat(mostAtOnce).isPositive().isLessThanOrEqualTo(OPTIONS.movesMax() / 2);
        assertThat(fewestGood).as("nothing is missing meanwhile").isEqualTo(3);
        final long[] last = {0, 0};
        untilWithPrimaries("then everything stays", () -> {
            if (last[0] != world.set().map().version()) {
                last[0] = world.set().map().version();
                last[1] = world.clock.nanoTime();
            }
            return world.clock.nanoTime() - last[1] > 2 * LeadPlan.STEADY_NS;
        });
    }

    @Test
    void aNewDeviceGetsItsShareAFewAtATimeAndNothingIsMissingMeanwhile() {
        fewestGood = Integer.MAX_VALUE;
        world.chunk(5);
        final long[] last = {0, 0};
        untilWithPrimaries("it has copies, and nothing moves any more", () -> {
            if (last[0] != world.set().map().version()) {
                last[0] = world.set().map().version();
                last[1] = world.clock.nanoTime();
            }
            return copiesOn(5) > 0 && world.clock.nanoTime() - last[1] > SECOND_NS;
        });
        assertThat(isClean()).isTrue();
        assertThat(copiesOn(5)).isGreaterThanOrEqualTo(5);
        assertThat(mostAtOnce).isPositive().isLessThanOrEqualTo(OPTIONS.movesMax() / 2);
        assertThat(fewestGood).isEqualTo(3);
    }

    @Test
    void howFarACopyIsAndHowLongItWillTakeIsKnownFromItsPrimary() {
        admin(2, AdminDevice.Action.DRAIN);
        world.until("copies are moving", () -> guests() > 0);
        final Repairs.Repair moving = world.service().repairs().active().getFirst();
        assertThat(moving.progress()).isEqualTo(Progress.NONE);
        final int node = world.node("chunk-1").client.nodeId();
        for (int second = 1; second <= 4; second++) {
            world.node("chunk-1")
                    .client
                    .report(new RepairReport(
                            node,
                            List.of(
                                    new RepairReport.Progress(
                                            1, moving.pg(), moving.to(), 10 * second, 100, 4096L * second),
                                    new RepairReport.Progress(1, moving.pg(), 77, 1, 1, 1))));
            world.wallMs += 1000;
            world.pass(MILLISECONDS_5);
        }
        final Progress progress = world.service().repairs().active().getFirst().progress();
        assertThat(progress.shardsDone()).isEqualTo(40);
        assertThat(progress.shardsTotal()).isEqualTo(100);
        assertThat(progress.bytes()).isEqualTo(4 * 4096);
        assertThat(progress.etaMs()).as("30 in three seconds, 60 to go").isEqualTo(6000);

        world.node("chunk-1")
                .client
                .report(new RepairReport(
                        node, List.of(new RepairReport.Progress(1, moving.pg(), moving.to(), 0, 100, 0))));
        world.pass(MILLISECONDS_5);
        final Progress anew = world.service().repairs().active().getFirst().progress();
        assertThat(anew.etaMs()).as("it has begun anew").isEqualTo(-1);
        assertThat(anew.bytes()).as("what was moved counts").isEqualTo(4 * 4096);
    }

    @Test
    void aNodeThatReturnsBeforeItsCopiesWereReplacedKeepsThem() {
        cutOff(2);
        world.until("the device is out", () -> state(2) == DeviceState.OUT);
        world.network.heal();
        world.until("the device is in again", () -> state(2) == DeviceState.UP_IN);
        final int kept = copiesOn(2);
        assertThat(kept).isPositive();
        untilWithPrimaries("everything is clean", this::isClean);
        assertThat(copiesOn(2)).isEqualTo(kept);
    }

    @Test
    void aDrainedDeviceKeepsItsCopiesUntilOthersAreGoodAndIsOutInTheEnd() {
        fewestGood = Integer.MAX_VALUE;
        admin(2, AdminDevice.Action.DRAIN);
        untilWithPrimaries("the device is empty and out", () -> state(2) == DeviceState.OUT);
        assertThat(copiesOn(2)).isZero();
        assertThat(isClean()).isTrue();
        assertThat(fewestGood).isEqualTo(3);
        assertThat(mostAtOnce).isPositive().isLessThanOrEqualTo(OPTIONS.movesMax());
        world.network.disconnect("chunk-2", "meta");
        world.pass(2 * SECOND_NS);
        assertThat(state(2)).as("what an operator has drained").isEqualTo(DeviceState.OUT);
    }

    @Test
    void aDrainThatIsTakenBackSendsTheGuestsHome() {
        admin(2, AdminDevice.Action.DRAIN);
        world.until("copies are moving", () -> guests() > 0);
        final int copies = copiesOn(2);
        admin(2, AdminDevice.Action.IN);
        world.until("no guest is left", () -> guests() == 0);
        assertThat(copiesOn(2)).isEqualTo(copies);
        assertThat(isClean()).isTrue();
    }

    @Test
    void aNewLeaderGoesOnWhereTheOneBeforeHasStopped() {
        admin(2, AdminDevice.Action.DRAIN);
        world.until("copies are moving", () -> guests() > 0);
        world.restartService();
        untilWithPrimaries("the device is empty and out", () -> state(2) == DeviceState.OUT);
        assertThat(isClean()).isTrue();
    }

    @Test
    void halfOfTheDevicesAtMostGoOutByThemselves() {
        for (int number = 2; number <= 4; number++) {
            cutOff(number);
        }
        world.pass(20 * SECOND_NS);
        int out = 0;
        for (int device = 1; device <= 4; device++) {
            out += state(device) == DeviceState.OUT ? 1 : 0;
        }
        assertThat(out).isEqualTo(2);
    }

    private void untilWithPrimaries(String what, BooleanSupplier condition) {
        world.until(what, () -> {
            look();
            letJoin();
            return condition.getAsBoolean();
        });
    }

    private void look() {
        final ClusterMap map = world.set().map();
        final Map<Integer, Integer> busy = new TreeMap<>();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            fewestGood = Math.min(fewestGood, map.pgTable().inSyncCount(pg));
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                final int device = map.replica(pg, index);
                if (!map.inSync(pg, index) && world.service().state().answers(device)) {
                    busy.merge(device, 1, Integer::sum);
                }
            }
        }
        busy.values().forEach(count -> mostAtOnce = Math.max(mostAtOnce, count));
    }

    /// One copy that is missing somewhere, and is there now, joins.
    private void letJoin() {
        final ClusterMap map = world.set().map();
        final PgTable table = map.pgTable();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int index = 0; index < table.replicaCount(pg); index++) {
                final int device = table.replica(pg, index);
                if (!table.inSync(pg, index) && world.service().state().answers(device)) {
                    world.service()
                            .propose(
                                    new MetaCommand.ChangePg(
                                            new PgChange(1, pg, table.epoch(pg), PgChange.Kind.ADD_TO_IN_SYNC, device)),
                                    result -> {});
                    return;
                }
            }
        }
    }

    private boolean isClean() {
        final ClusterMap map = world.set().map();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.pgTable().inSyncCount(pg) != 3 || map.pgTable().replicaCount(pg) != 3) {
                return false;
            }
        }
        return true;
    }

    private int guests() {
        final ClusterMap map = world.set().map();
        int guests = 0;
        for (int pg = 0; pg < map.pgCount(); pg++) {
            guests += map.pgTable().replicaCount(pg) > 3 ? 1 : 0;
        }
        return guests;
    }

    private int copiesOn(int device) {
        final ClusterMap map = world.set().map();
        int count = 0;
        for (int pg = 0; pg < map.pgCount(); pg++) {
            count += map.pgTable().indexOf(pg, device) >= 0 ? 1 : 0;
        }
        return count;
    }

    private void admin(int device, AdminDevice.Action action) {
        final CommandResult[] done = new CommandResult[1];
        world.service().propose(new AdminDevice(device, action, 0), result -> done[0] = result);
        world.until("the operator is answered", () -> done[0] != null);
        assertThat(done[0].done()).isTrue();
    }

    private void cutOff(int number) {
        world.network.partition("chunk-" + number, "meta", true);
        world.network.partition("meta", "chunk-" + number, true);
    }

    private DeviceState state(int device) {
        return Objects.requireNonNull(world.set().map().device(device)).state();
    }
}
