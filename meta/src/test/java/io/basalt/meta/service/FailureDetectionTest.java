package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.service.MetaWorld.Node;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.NodeRecord;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.placement.ClusterMap;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.HandOverResult;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How soon a chunk server that has gone is noticed, what follows at once, and that one which is there after all comes
/// back without upsetting the cluster more often than it must.
class FailureDetectionTest {
    private static final long MILLISECOND_NS = 1_000_000;
    private static final long SECOND_NS = 1_000 * MILLISECOND_NS;

    private final MetaWorld world = new MetaWorld(new Random(7));

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void aProcessThatEndsIsLeftOutLongBeforeTheTimeOut() {
        begin();
        final long version = world.set().map().version();
        final long killedNs = world.clock.nanoTime();
        world.network.crash("chunk-2", false);
        world.until("its copies are left out", () -> inSyncOn(2) == 0);
        assertThat(world.clock.nanoTime() - killedNs).isLessThan(MetaWorld.OPTIONS.timeoutNs() / 3);
        assertThat(world.set().map().version()).isEqualTo(version + 1);
        assertThat(node(2).up()).isFalse();
    }

    @Test
    void aNodeThatIsSilentIsLeftOutAfterTheTimeOut() {
        begin();
        cutOff(2);
        world.pass(MetaWorld.OPTIONS.timeoutNs() / 2);
        assertThat(inSyncOn(2)).isEqualTo(16);
        world.until("its copies are left out", () -> inSyncOn(2) == 0);
        world.network.heal();
        world.until("it is up again", () -> node(2).up());
        assertThat(inSyncOn(2)).isZero();
    }

    @Test
    void aSecondNodeThatGoesLeavesItsCopiesAndTheyAreStillGoodWhenItIsBack() {
        begin();
        world.network.crash("chunk-2", false);
        world.until("the first is left out", () -> inSyncOn(2) == 0);
        cutOff(3);
        world.until("the second is down", () -> !node(3).up());
        assertThat(inSyncOn(3)).isEqualTo(16);
        world.network.heal();
        world.until("the second is up", () -> node(3).up());
        assertThat(inSyncOn(3)).isEqualTo(16);
    }

    @Test
    void aDeviceThatItsNodeDoesNotPresentAnyMoreIsFailedAndIsNotWaitedFor() {
        begin();
        world.network.crash("chunk-2", false);
        world.until("the first is left out", () -> inSyncOn(2) == 0);
        world.network.crash("chunk-3", false);
        world.until("the second is down", () -> !node(3).up());
        assertThat(inSyncOn(3)).as("it may come back").isEqualTo(16);
        final Node empty = world.chunk(3, 0);
        world.until("it is left out", () -> inSyncOn(3) == 0);
        assertThat(world.service().failed(3)).isTrue();
        assertThat(inSyncOn(1)).isEqualTo(16);
        empty.client.close();
        world.network.crash("chunk-3", false);
        world.chunk(3, 1);
        world.until("it is as good as any", () -> !world.service().failed(3));
    }

    @Test
    void aConnectionThatIsLostOnTheWayIsMadeAgainAndNothingChanges() {
        begin();
        final long version = world.set().map().version();
        world.network.disconnect("chunk-2", "meta");
        world.until("it has noticed", () -> world.node("chunk-2").disconnects > 0);
        world.until("it is ready again", world.node("chunk-2").client::ready);
        world.pass(2 * SECOND_NS);
        assertThat(world.set().map().version()).isEqualTo(version);
    }

    @Test
    void aNodeThatComesAndGoesUpsetsTheClusterMoreAndMoreSeldom() {
        SeededTest.run(3, random -> {
            try (MetaWorld other = new MetaWorld(random)) {
                other.cluster();
                final long version = other.set().map().version();
                final long seconds = 60;
                final long endNs = other.clock.nanoTime() + seconds * SECOND_NS;
                while (other.clock.nanoTime() < endNs) {
                    other.network.partition("chunk-2", "meta", true);
                    other.pass(700 * MILLISECOND_NS);
                    other.network.heal();
                    other.pass((100 + random.nextInt(300)) * MILLISECOND_NS);
                }
                // About eight doublings, then one fall and one rise in ten seconds.
                final long bound = 2 * (8 + seconds * SECOND_NS / Steadiness.PAUSE_MAX_NS);
                assertThat(other.set().map().version() - version).isBetween(2L, bound);
                other.until(
                        "it is up in the end",
                        () -> Objects.requireNonNull(other.service().state().node(2))
                                .up());
            }
        });
    }

    @Test
    void wishesOfOneMomentAreOneMapAndEachAskerHearsOfItsOwn() {
        begin();
        final ClusterMap map = world.set().map();
        final List<Reply<PgChangeResult>> replies = new ArrayList<>();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final Reply<PgChangeResult> reply = new Reply<>();
            replies.add(reply);
            final int epoch = pg == 3 ? map.epoch(pg) - 1 : map.epoch(pg);
            world.node("chunk-1")
                    .client
                    .change(new PgChange(1, pg, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, 2), reply);
        }
        world.until("all are answered", () -> replies.stream().allMatch(Reply::over));
        for (int pg = 0; pg < map.pgCount(); pg++) {
            assertThat(replies.get(pg).answer().granted()).as("pg " + pg).isEqualTo(pg != 3);
            assertThat(replies.get(pg).answer().state().pg()).isEqualTo(pg);
        }
        assertThat(inSyncOn(2)).isOne();
        assertThat(world.set().map().version() - map.version()).isLessThanOrEqualTo(3);
    }

    @Test
    void aWishThatWouldLeaveTooFewCopiesIsRefusedWithThatReason() {
        begin();
        final int epoch = world.set().map().epoch(0);
        change(new PgChange(1, 0, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, 2));
        final Reply<PgChangeResult> refused =
                change(new PgChange(1, 0, epoch + 1, PgChange.Kind.REMOVE_FROM_IN_SYNC, 3));
        assertThat(refused.refusal()).isEqualTo(MetaCode.TOO_FEW_COPIES);
    }

    @Test
    void aServerThatHandsOverIsLeftOutWhileItStillAnswersAndUntilItBeginsAnew() {
        begin();
        final Node leaving = world.node("chunk-2");
        final Reply<HandOverResult> reply = new Reply<>();
        leaving.client.handOver(reply);
        world.until("it is answered", reply::over);
        assertThat(inSyncOn(2)).isZero();
        assertThat(reply.answer().maps()).hasSize(1);
        assertThat(reply.answer().maps().getFirst().version())
                .isEqualTo(world.set().map().version());
        world.until(
                "it has the map",
                () -> Objects.requireNonNull(leaving.maps.get(1)).version()
                        == world.set().map().version());
        world.pass(2 * SECOND_NS);
        assertThat(node(2).up()).isFalse();
        final Reply<PgChangeResult> joins =
                change(new PgChange(1, 0, world.set().map().epoch(0), PgChange.Kind.ADD_TO_IN_SYNC, 2));
        assertThat(joins.refusal()).isEqualTo(MetaCode.CONFLICT);
        world.network.disconnect("chunk-2", "meta");
        world.until("it has registered anew and is up", () -> node(2).up());
    }

    private void begin() {
        world.cluster();
        world.service()
                .propose(
                        new MetaCommand.CreateVolume(RequestId.NONE, "vm1", 1L << 30, 1 << 20, 4096, "ssd", "", 1),
                        result -> assertThat(result.done()).isTrue());
        world.until("the volume is made", () -> world.service().state().volumeCount() == 1);
    }

    private void cutOff(int number) {
        world.network.partition("chunk-" + number, "meta", true);
        world.network.partition("meta", "chunk-" + number, true);
    }

    private Reply<PgChangeResult> change(PgChange wish) {
        final Reply<PgChangeResult> reply = new Reply<>();
        world.node("chunk-1").client.change(wish, reply);
        world.until("the wish is answered", reply::over);
        return reply;
    }

    private NodeRecord node(int id) {
        return Objects.requireNonNull(world.service().state().node(id));
    }

    private int inSyncOn(int device) {
        final ClusterMap map = world.set().map();
        int count = 0;
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final int index = map.pgTable().indexOf(pg, device);
            count += index >= 0 && map.inSync(pg, index) ? 1 : 0;
        }
        return count;
    }
}
