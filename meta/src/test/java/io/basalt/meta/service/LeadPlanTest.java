package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.PgTable;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A device that was away leads its placement groups again, but not at once, and one after the other. The
/// test plays the primaries, which let copies join.
class LeadPlanTest {
    private static final int AWAY = 2;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final MetaServiceOptions OPTIONS = MetaWorld.OPTIONS.withFailureTimes(30_000_000L, 600 * SECOND_NS);

    private final MetaWorld world = new MetaWorld(new Random(12), OPTIONS);
    private int[] seen = {};
    private int mostAtOnce;

    LeadPlanTest() {
        world.cluster();
        world.until("the set is laid out", world::settled);
        // An empty set would be laid out anew.
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
    void aDeviceThatWasAwayGetsWhatItLedBackOneAfterTheOther() {
        final int[] before = leads();
        assertThat(before[AWAY]).isGreaterThan(2);
        away();
        assertThat(leads()[AWAY]).isZero();
        back();
        final long backNs = world.clock.nanoTime();
        assertThat(leads()[AWAY]).as("its process has begun a moment ago").isZero();
        untilWatched("it leads again", () -> leads()[AWAY] > 0);
        assertThat(world.clock.nanoTime() - backNs).isGreaterThan(LeadPlan.STEADY_NS - SECOND_NS / 2);
        untilWatched("it leads all that it did", () -> leads()[AWAY] == before[AWAY]);
        assertThat(mostAtOnce)
                .as("groups that one device gives or takes in one map")
                .isOne();
        assertThat(leads()).isEqualTo(before);
        staysFor(2 * LeadPlan.STEADY_NS);
    }

    @Test
    void aDeviceThatGoesAgainAndAgainGetsNothingBackInBetween() {
        for (int time = 0; time < 4; time++) {
            away();
            back();
            untilWatched("it may be away again", passed(LeadPlan.STEADY_NS / 2));
            assertThat(leads()[AWAY]).isZero();
        }
    }

    @Test
    void aDeviceThatIsBeingDrainedGetsNothingBack() {
        away();
        back();
        world.service().propose(new AdminDevice(AWAY, AdminDevice.Action.DRAIN, 0), result -> {});
        untilWatched("it would be time", passed(2 * LeadPlan.STEADY_NS));
        assertThat(leads()[AWAY]).isZero();
    }

    private void away() {
        world.network.partition("chunk-" + AWAY, "meta", true);
        world.network.partition("meta", "chunk-" + AWAY, true);
        world.until("its copies are out of sync", () -> inSync(AWAY) == 0);
    }

    private void back() {
        world.network.heal();
        world.until("all of its copies are in sync", () -> {
            letJoin();
            return inSync(AWAY) == world.set().map().pgCount();
        });
        seen = leads();
    }

    private BooleanSupplier passed(long ns) {
        final long endNs = world.clock.nanoTime() + ns;
        return () -> world.clock.nanoTime() >= endNs;
    }

    private void untilWatched(String what, BooleanSupplier condition) {
        world.until(what, () -> {
            final int[] now = leads();
            for (int device = 1; device < now.length; device++) {
                mostAtOnce = Math.max(mostAtOnce, Math.abs(now[device] - seen[device]));
            }
            seen = now;
            return condition.getAsBoolean();
        });
    }

    private void staysFor(long ns) {
        final long version = world.set().map().version();
        world.pass(ns);
        assertThat(world.set().map().version()).as("then everything stays").isEqualTo(version);
    }

    private int[] leads() {
        final ClusterMap map = world.set().map();
        final int[] leads = new int[4];
        for (int pg = 0; pg < map.pgCount(); pg++) {
            leads[map.primaryDevice(pg)]++;
        }
        return leads;
    }

    private int inSync(int device) {
        final PgTable table = world.set().map().pgTable();
        int count = 0;
        for (int pg = 0; pg < world.set().map().pgCount(); pg++) {
            count += table.inSync(pg, table.indexOf(pg, device)) ? 1 : 0;
        }
        return count;
    }

    /// One copy that is missing somewhere, and is there now, joins.
    private void letJoin() {
        final PgTable table = world.set().map().pgTable();
        for (int pg = 0; pg < world.set().map().pgCount(); pg++) {
            final int index = table.indexOf(pg, AWAY);
            if (!table.inSync(pg, index) && world.service().state().answers(AWAY)) {
                final PgChange join = new PgChange(1, pg, table.epoch(pg), PgChange.Kind.ADD_TO_IN_SYNC, AWAY);
                world.service().propose(new MetaCommand.ChangePg(join), result -> {});
                return;
            }
        }
    }
}
