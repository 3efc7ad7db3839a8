package io.basalt.meta.state;

import static io.basalt.meta.state.Commands.apply;
import static io.basalt.meta.state.Commands.chunk;
import static io.basalt.meta.state.Commands.register;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.ChangePgs;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.MetaCommand.PatchSet;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.PgChange.Kind;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Which copies leave the in-sync sets when nodes stop to answer, and which stay. Replica i of placement group pg is on
/// device `1 + (pg + i) % 3`, one device a node.
class FailOverTest {
    private final MetaState state = Commands.cluster(0);

    FailOverTest() {
        apply(state, new PatchSet("default", 2, -1));
    }

    @Test
    void aNodeThatStopsToAnswerLeavesAllItsGroupsInOneCommandAndOneMap() {
        final long version = map().version();
        final MetaState.Applied applied = state.apply(CommandCodec.encode(new MarkNode(2, false)));
        assertThat(applied.events()).hasSize(1);
        assertThat(map().version()).isEqualTo(version + 1);
        for (int pg = 0; pg < map().pgCount(); pg++) {
            assertThat(map().pgTable().inSync(pg, map().pgTable().indexOf(pg, 2)))
                    .isFalse();
            assertThat(map().pgTable().inSyncCount(pg)).isEqualTo(2);
            assertThat(map().epoch(pg)).isEqualTo(2);
            assertThat(map().primaryDevice(pg)).isNotEqualTo(2);
        }
    }

    @Test
    void aSecondNodeLeavesNothingAndInputWaits() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        for (int pg = 0; pg < map().pgCount(); pg++) {
            assertThat(map().epoch(pg)).isEqualTo(2);
            assertThat(map().pgTable().inSyncCount(pg)).isEqualTo(2);
        }
        apply(state, new MarkNode(3, true));
        for (int pg = 0; pg < map().pgCount(); pg++) {
            assertThat(map().epoch(pg)).isEqualTo(2);
        }
    }

    @Test
    void aSecondCopyLeavesOnlyWhenTheFirstHasJoinedAgain() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        assertThat(inSync(0)).containsExactly(1, 3);
        apply(state, new MarkNode(2, true));
        assertThat(inSync(0))
                .as("device 3 has all that was acknowledged, and nobody knows what device 1's disk is worth")
                .containsExactly(1, 3);
        assertThat(map().primaryDevice(0)).isEqualTo(1);
        assertThat(change(0, map().epoch(0), Kind.ADD_TO_IN_SYNC, 2).done()).isTrue();
        assertThat(inSync(0)).containsExactly(1, 2);
    }

    @Test
    void aDiskThatHadFailedUnnoticedCostsNothingOnceTheSilentCopyIsBack() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        apply(state, new MarkNode(2, true));
        fail(1);
        assertThat(inSync(0)).as("nobody else has a good copy now").containsExactly(1, 3);
        apply(state, new MarkNode(3, true));
        assertThat(inSync(0)).containsExactly(3);
        assertThat(map().primaryDevice(0)).isEqualTo(3);
        assertThat(change(0, map().epoch(0), Kind.ADD_TO_IN_SYNC, 2).done()).isTrue();
        assertThat(inSync(0)).containsExactly(2, 3);
    }

    @Test
    void aCopyThatAnswersLeadsInPlaceOfASilentOneSoThatItBringsInWhoCanStandInForThat() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(1, false));
        assertThat(map().primaryDevice(0)).as("alone it can do nothing").isEqualTo(1);
        final int epoch = map().epoch(0);
        apply(state, new MarkNode(2, true));
        assertThat(inSync(0)).containsExactly(1, 3);
        assertThat(map().primaryDevice(0)).isEqualTo(3);
        assertThat(map().epoch(0)).isEqualTo(epoch + 1);
        assertThat(change(0, epoch + 1, Kind.ADD_TO_IN_SYNC, 2).done()).isTrue();
        assertThat(inSync(0)).containsExactly(2, 3);
    }

    @Test
    void commandsOfVersion2LetASilentCopyGoInHope() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        final byte[] up = CommandCodec.encode(new MarkNode(2, true));
        up[0] = 2;
        state.apply(up);
        assertThat(inSync(0)).containsExactly(1);
        assertThat(change(0, 3, Kind.ADD_TO_IN_SYNC, 2).value()).isEqualTo(4);
        assertThat(inSync(0)).containsExactly(1, 2);
    }

    @Test
    void aCopyThatDoesNotAnswerNeitherJoinsNorServes() {
        apply(state, new MarkNode(2, false));
        assertThat(change(0, 2, Kind.ADD_TO_IN_SYNC, 2).code()).isEqualTo(MetaCode.CONFLICT);
        apply(state, new MarkNode(3, false));
        assertThat(change(0, 2, Kind.MAKE_PRIMARY, 3).code()).isEqualTo(MetaCode.CONFLICT);
    }

    @Test
    void aWishFollowsTheSameRule() {
        assertThat(change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 2).done()).isTrue();
        final CommandResult refused = change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 3);
        assertThat(refused.code()).isEqualTo(MetaCode.TOO_FEW_COPIES);
        assertThat(refused.message()).contains("needed", "I/O to it waits");
        assertThat(map().epoch(0)).isEqualTo(2);
    }

    @Test
    void copiesThatDoNotAnswerDoNotCountForAWish() {
        apply(state, new PatchSet("default", 3, -1));
        apply(state, new MarkNode(3, false));
        apply(state, new PatchSet("default", 2, -1));
        assertThat(inSync(0)).containsExactly(1, 2);
        assertThat(change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 2).code()).isEqualTo(MetaCode.TOO_FEW_COPIES);
    }

    @Test
    void aFailedDeviceGoesBelowMinCopiesButNotTheLastCopy() {
        apply(state, new MarkNode(2, false));
        fail(3);
        assertThat(inSync(0)).containsExactly(1);
        fail(1);
        assertThat(inSync(0)).containsExactly(1);
        assertThat(change(0, 3, Kind.REMOVE_FROM_IN_SYNC, 1).code()).isEqualTo(MetaCode.LAST_COPY);
    }

    @Test
    void aFailedDeviceStaysWhileNoOtherCopyAnswersUnlessItsPrimaryWishes() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        fail(1);
        assertThat(inSync(0)).containsExactly(1, 3);
        assertThat(change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 1).done()).isTrue();
        assertThat(inSync(0)).containsExactly(3);
    }

    @Test
    void fewerMinCopiesLetWaitingGroupsGoOn() {
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        apply(state, new PatchSet("default", 1, -1));
        assertThat(map().minCopies()).isOne();
        assertThat(inSync(0)).containsExactly(1);
        assertThat(map().epoch(0)).isEqualTo(3);
    }

    @Test
    void manyWishesAreOneMapAndEachHasItsOwnResult() {
        final long version = map().version();
        final CommandResult result = apply(
                state,
                new ChangePgs(List.of(
                        new PgChange(1, 0, 1, Kind.REMOVE_FROM_IN_SYNC, 2),
                        new PgChange(1, 0, 1, Kind.REMOVE_FROM_IN_SYNC, 3),
                        new PgChange(1, 1, 1, Kind.REMOVE_FROM_IN_SYNC, 2),
                        new PgChange(7, 1, 1, Kind.REMOVE_FROM_IN_SYNC, 2),
                        new PgChange(1, 0, 2, Kind.ADD_TO_IN_SYNC, 2))));
        assertThat(result.parts())
                .extracting(CommandResult::code)
                .containsExactly(MetaCode.OK, MetaCode.STALE_EPOCH, MetaCode.OK, MetaCode.NOT_FOUND, MetaCode.OK);
        assertThat(map().version()).isEqualTo(version + 1);
        assertThat(map().epoch(0)).isEqualTo(3);
        assertThat(map().epoch(1)).isEqualTo(2);
    }

    @Test
    void aCopyOnAnOutDeviceThatIsCountedOnIsNotGivenUpInTheSameStep() {
        apply(state, register(chunk(4, 1)));
        apply(state, new MarkNode(6, true));
        final int guest = 4;
        assertThat(change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 1).done()).isTrue();
        apply(state, new AdminDevice(1, AdminDevice.Action.OUT, 0));
        final int epoch = map().epoch(0);
        assertThat(apply(state, new MovePgs(1, List.of(new MovePgs.Move(0, epoch, 2, guest))))
                        .parts())
                .allMatch(CommandResult::done);
        // Two of three in sync, and now silent: only the copy on the device that is out is there beside the guest.
        apply(state, new PatchSet("default", 3, -1));
        apply(state, new MarkNode(1, false));
        apply(state, new MarkNode(2, false));
        apply(state, new MarkNode(3, false));
        apply(state, new PatchSet("default", 2, -1));
        apply(state, new MarkNode(1, true));
        assertThat(inSync(0)).containsExactly(2, 3);
        assertThat(change(0, map().epoch(0), Kind.ADD_TO_IN_SYNC, guest).done()).isTrue();
        assertThat(map().pgTable().indexOf(0, 1))
                .as("the other copy that answers")
                .isNotNegative();
        apply(state, new MarkNode(2, false));
        assertThat(map().primaryDevice(0)).as("it brings that one in").isEqualTo(guest);
        assertThat(change(0, map().epoch(0), Kind.ADD_TO_IN_SYNC, 1).done()).isTrue();
        assertThat(inSync(0)).containsExactly(1, guest);
    }

    @Test
    void commandsOfAnOlderReleaseHaveTheEffectThatTheyHad() {
        final byte[] down = CommandCodec.encode(new MarkNode(2, false));
        down[0] = 1;
        state.apply(down);
        assertThat(map().epoch(0)).isOne();
        assertThat(inSync(0)).containsExactly(1, 2, 3);
        for (final int device : new int[] {2, 3}) {
            final byte[] removal =
                    CommandCodec.encode(new ChangePg(new PgChange(1, 0, device - 1, Kind.REMOVE_FROM_IN_SYNC, device)));
            removal[0] = 1;
            assertThat(state.apply(removal).result().done()).isTrue();
        }
        assertThat(inSync(0)).containsExactly(1);
    }

    private void fail(int device) {
        apply(state, new RecordUsage(List.of(new RecordUsage.Usage(device, 0, 1L << 40, true))));
    }

    private CommandResult change(int pg, int epoch, Kind kind, int device) {
        return apply(state, new ChangePg(new PgChange(1, pg, epoch, kind, device)));
    }

    private List<Integer> inSync(int pg) {
        return IntStream.range(0, map().pgTable().replicaCount(pg))
                .filter(index -> map().inSync(pg, index))
                .map(index -> map().replica(pg, index))
                .sorted()
                .boxed()
                .toList();
    }

    private ClusterMap map() {
        return state.sets().iterator().next().map();
    }
}
