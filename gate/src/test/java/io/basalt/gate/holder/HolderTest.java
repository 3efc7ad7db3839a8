package io.basalt.gate.holder;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.holder.HolderWorld.TestGate;
import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Holder, gate and those that stand by, word for word: whoever dies, a front end is served by one gate or hung up on.
class HolderTest {
    private static final long QUIET_NS = 200_000_000;

    private final HolderWorld world = new HolderWorld();
    private final MemorySegment bytes = Arena.ofAuto().allocate(8);
    private final int[] fds = new int[UnixSocket.FDS_MAX];

    @AfterEach
    void close() {
        world.close();
    }

    private TestGate serving(String... disks) {
        final TestGate gate = world.gate();
        assertThat(gate.enlist()).isTrue();
        gate.serve(disks);
        return gate;
    }

    private TestGate standing() {
        final TestGate gate = world.gate();
        assertThat(gate.enlist()).isTrue();
        assertThat(gate.stands).isTrue();
        return gate;
    }

    /// 0 for hung up, else the error.
    private int look(UnixSocket frontEnd) {
        return frontEnd.receive(bytes, 1, fds);
    }

    private void assertConnected(UnixSocket frontEnd) {
        assertThat(look(frontEnd)).isEqualTo(-Errno.EAGAIN);
    }

    private void assertHungUp(UnixSocket frontEnd) {
        assertThat(look(frontEnd)).isZero();
    }

    @Test
    void theFirstIsTheGateAndTheNextStandsBy() {
        final TestGate first = serving("vm1");
        final TestGate second = standing();
        final TestGate third = standing();

        assertThat(first.outcomes).containsExactly("STARTS ");
        assertThat(first.link.state()).isEqualTo(LinkState.KEPT);
        assertThat(world.holder.state()).isEqualTo(HolderState.SERVED);
        assertThat(second.standby.state()).isEqualTo(StandbyState.READY);
        assertThat(third.standby.state()).isEqualTo(StandbyState.READY);
    }

    @Test
    void aFrontEndLivesOnWithTheGateThatStoodBy() {
        final TestGate first = serving("vm1", "vm2");
        final UnixSocket early = first.frontEnd("vm1");
        final TestGate second = standing();
        final UnixSocket late = first.frontEnd("vm2");
        world.pass(QUIET_NS);
        assertThat(second.done).contains("replace vm1", "replace vm2");

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("same vm1", "same vm2").endsWith("kept vm1", "kept vm2");
        assertThat(second.outcomes).containsExactly("OWNER ");
        assertThat(second.link.state()).isEqualTo(LinkState.KEPT);
        assertConnected(early);
        assertConnected(late);
    }

    @Test
    void nobodyTakesOverBeforeTheRingsOfTheDeadHaveEnded() {
        final TestGate first = serving("vm1");
        first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);

        first.dies();
        world.pass(QUIET_NS);
        assertThat(second.standby.state()).isEqualTo(StandbyState.READY);
        assertThat(world.holder.state()).isEqualTo(HolderState.SERVED);

        first.ringsEnd();
        assertThat(second.standby.state()).isEqualTo(StandbyState.OWNER);
    }

    @Test
    void oneThatComesAfterTheDeathTakesOver() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        first.dies();
        first.ringsEnd();
        assertThat(world.holder.state()).isEqualTo(HolderState.ORPHANED);
        assertConnected(frontEnd);

        final TestGate second = world.gate();
        second.enlist();

        assertThat(second.standby.state()).isEqualTo(StandbyState.OWNER);
        assertThat(second.done).contains("other vm1");
        assertConnected(frontEnd);
    }

    @Test
    void aSessionThatChangedSinceItWasPreparedIsTakenAsItIs() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);
        first.link.of("vm1").hears();
        first.keep("vm1");
        world.settle();

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("other vm1").doesNotContain("same vm1");
        assertConnected(frontEnd);
    }

    @Test
    void aFrontEndThatWasBeingHeardIsHungUpOn() {
        final TestGate first = serving("vm1", "vm2");
        final UnixSocket heard = first.frontEnd("vm1");
        final UnixSocket quiet = first.frontEnd("vm2");
        final TestGate second = standing();
        world.pass(QUIET_NS);
        first.link.of("vm1").hears();

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("no front vm1", "same vm2");
        assertHungUp(heard);
        assertConnected(quiet);
    }

    @Test
    void aFrontEndThatSaidNothingAfterAllLivesOn() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);
        first.link.of("vm1").hears();
        first.link.of("vm1").heardNothing();

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("same vm1");
        assertConnected(frontEnd);
    }

    @Test
    void whatWasNotSentYetIsNotBelieved() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);
        // Its message is only queued in the process that dies.
        first.link.of("vm1").hears();
        first.keep("vm1");

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("no front vm1");
        assertHungUp(frontEnd);
    }

    @Test
    void aFrontEndWithoutAnInflightRegionIsHungUpOn() {
        final TestGate first = serving("vm1");
        first.inflight = false;
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);

        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("no front vm1");
        assertHungUp(frontEnd);
    }

    @Test
    void whatLivesInTheGatesMemoryIsNotKept() {
        final TestGate first = serving("ram1");
        final UnixSocket frontEnd = first.frontEnd("ram1");
        assertThat(first.link.of("ram1").active()).isFalse();

        first.dies();

        assertHungUp(frontEnd);
    }

    @Test
    void whoeverIsReadyTakesOverAndNotWhoCameFirst() {
        final TestGate first = serving("vm1");
        first.frontEnd("vm1");
        final TestGate cold = standing();
        final TestGate warm = standing();
        warm.link.warm();
        world.pass(QUIET_NS);

        first.dies();
        first.ringsEnd();

        assertThat(warm.standby.state()).isEqualTo(StandbyState.OWNER);
        assertThat(cold.standby.state()).isEqualTo(StandbyState.READY);
    }

    @Test
    void livesThroughManyDeaths() {
        TestGate gate = serving("vm1");
        final UnixSocket frontEnd = gate.frontEnd("vm1");
        for (int i = 0; i < 20; i++) {
            final TestGate next = standing();
            world.pass(QUIET_NS);
            gate.dies();
            gate.ringsEnd();
            assertThat(next.standby.state()).isEqualTo(StandbyState.OWNER);
            gate = next;
            gate.link.of("vm1").hears();
            gate.keep("vm1");
            world.settle();
            assertConnected(frontEnd);
        }
    }

    @Test
    void aSecondDeathBeforeTheFrontEndIsHeardLosesNothing() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        final TestGate third = standing();
        world.pass(QUIET_NS);
        first.dies();
        first.ringsEnd();
        second.dies();
        second.ringsEnd();

        assertThat(third.standby.state()).isEqualTo(StandbyState.OWNER);
        assertConnected(frontEnd);
    }

    @Test
    void nobodyTakesOverFromAGateThatHasLeft() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        final TestGate second = standing();
        world.pass(QUIET_NS);

        first.link.leave();
        // Whether or not the word of it has arrived.
        first.dies();
        first.ringsEnd();

        assertThat(second.outcomes).hasSize(1);
        assertThat(second.outcomes.getFirst()).startsWith("ABANDONED");
        assertThat(second.done).endsWith("abandon");
        assertThat(world.holder.state()).isEqualTo(HolderState.EMPTY);
        assertHungUp(frontEnd);
    }

    @Test
    void aGateThatHasTakenOverByAgreementIsKept() {
        final TestGate first = serving("vm1");
        first.link.leave();
        world.settle();
        final TestGate second = world.gate();
        second.serve("vm1");
        world.settle();
        first.dies();
        first.ringsEnd();

        assertThat(second.link.state()).isEqualTo(LinkState.KEPT);
        assertThat(world.holder.state()).isEqualTo(HolderState.SERVED);
    }

    @Test
    void whoeverStandsByBeginsAnewWhenTheConfigurationChanges() {
        final TestGate first = serving("vm1");
        final TestGate second = standing();
        first.names.add("vm2");
        first.link.changed();
        world.settle();

        assertThat(second.outcomes.getFirst()).startsWith("ABANDONED");
        final TestGate third = standing();
        assertThat(third.names).containsExactly("vm1", "vm2");
    }

    @Test
    void theGateServesOnWithoutAHolderAndTellsTheNextOneEverything() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        world.holderIsThere = false;
        world.holder.close();
        world.settle();
        assertThat(first.link.state()).isEqualTo(LinkState.AWAY);
        first.done.clear();
        first.keep("vm1");
        assertThat(first.done).containsExactly("kept vm1");

        world.restartHolder();
        world.pass(2 * HolderWorld.S_NS);
        assertThat(first.link.state()).isEqualTo(LinkState.KEPT);
        final TestGate second = standing();
        world.pass(QUIET_NS);
        first.dies();
        first.ringsEnd();

        assertThat(second.done).contains("same vm1");
        assertConnected(frontEnd);
    }

    @Test
    void aGateThatDiesBeforeItHasToldAnythingIsReplacedByTheNext() {
        final TestGate first = world.gate();
        first.enlist();
        final TestGate second = standing();
        assertThat(world.holder.state()).isEqualTo(HolderState.STARTING);

        first.dies();
        first.ringsEnd();

        assertThat(second.outcomes).containsExactly("STARTS ");
    }

    @Test
    void aSecondGateThatServesIsRefused() {
        final TestGate first = serving("vm1");
        final TestGate second = world.gate();
        second.serve("vm1");
        world.settle();

        assertThat(second.link.state()).isEqualTo(LinkState.AWAY);
        assertThat(first.link.state()).isEqualTo(LinkState.KEPT);
    }

    @ParameterizedTest
    @EnumSource(HolderState.class)
    void theHolderMovesOnlyAlongItsArrows(HolderState from) {
        assertThat(Stream.of(HolderState.values()).filter(from::canBecome))
                .containsExactlyInAnyOrderElementsOf(
                        switch (from) {
                            case EMPTY -> List.of(HolderState.STARTING, HolderState.RESTORED);
                            case RESTORED -> List.of(HolderState.STARTING, HolderState.ORPHANED, HolderState.EMPTY);
                            case STARTING -> List.of(HolderState.SERVED, HolderState.EMPTY);
                            case SERVED -> List.of(HolderState.ORPHANED, HolderState.EMPTY);
                            case ORPHANED -> List.of(HolderState.SERVED);
                        });
    }

    @ParameterizedTest
    @EnumSource(LinkState.class)
    void theLinkMovesOnlyAlongItsArrows(LinkState from) {
        assertThat(Stream.of(LinkState.values()).filter(from::canBecome))
                .containsExactlyInAnyOrderElementsOf(
                        switch (from) {
                            case AWAY -> List.of(LinkState.ENLISTED);
                            case ENLISTED -> List.of(LinkState.STANDBY, LinkState.STARTS, LinkState.AWAY);
                            case STANDBY -> List.of(LinkState.STARTS, LinkState.TAKES, LinkState.AWAY);
                            case STARTS, TAKES -> List.of(LinkState.KEPT, LinkState.AWAY);
                            case KEPT -> List.of(LinkState.AWAY);
                        });
    }

    @ParameterizedTest
    @EnumSource(StandbyState.class)
    void aStandbyMovesOnlyAlongItsArrows(StandbyState from) {
        assertThat(Stream.of(StandbyState.values()).filter(from::canBecome))
                .containsExactlyInAnyOrderElementsOf(
                        switch (from) {
                            case WAITING ->
                                List.of(StandbyState.PREPARING, StandbyState.STARTS, StandbyState.ABANDONED);
                            case PREPARING -> List.of(StandbyState.READY, StandbyState.ABANDONED);
                            case READY -> List.of(StandbyState.TAKING, StandbyState.ABANDONED);
                            case TAKING -> List.of(StandbyState.OWNER);
                            case STARTS -> List.of(StandbyState.ABANDONED);
                            case OWNER, ABANDONED -> List.of();
                        });
    }
}
