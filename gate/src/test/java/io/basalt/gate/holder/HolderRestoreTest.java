package io.basalt.gate.holder;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.holder.HolderWorld.TestGate;
import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A holder whose service manager keeps what it holds dies, with its gate or without it.
class HolderRestoreTest {
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

    private void assertConnected(UnixSocket frontEnd) {
        assertThat(frontEnd.receive(bytes, 1, fds)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void keepsOneThingOfEachKindThatIsHeld() {
        final TestGate first = serving("vm1", "vm2");
        assertThat(world.kept.keySet())
                .as("life, base, two disks")
                .hasSize(4)
                .allMatch(name -> name.matches("life\\.1|told\\.[0-9]+"));
        first.frontEnd("vm1");
        first.frontEnd("vm2");
        assertThat(world.kept).hasSize(4);
        first.keep("vm1");
        world.settle();
        assertThat(world.kept).hasSize(4).containsKey("life.1");
    }

    @Test
    void aFrontEndOutlivesGateAndHolderTogether() {
        final TestGate first = serving("vm1", "vm2");
        final UnixSocket one = first.frontEnd("vm1");
        final UnixSocket two = first.frontEnd("vm2");
        world.pass(QUIET_NS);
        first.dies();
        world.holderDies();
        first.ringsEnd();

        world.holderComesBack();
        world.settle();
        assertThat(world.holder.state()).isEqualTo(HolderState.ORPHANED);
        final TestGate second = world.gate();
        assertThat(second.enlist()).isTrue();
        world.pass(QUIET_NS);
        assertThat(second.outcomes).containsExactly("OWNER ");
        assertThat(world.holder.state()).isEqualTo(HolderState.SERVED);
        assertConnected(one);
        assertConnected(two);
        assertThat(world.kept).as("life, base, two disks").hasSize(4).doesNotContainKey("life.1");
    }

    @Test
    void itOutlivesThatTwiceInARow() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        world.pass(QUIET_NS);
        first.dies();
        world.holderDies();
        world.holderComesBack();
        assertThat(world.holder.state()).as("its rings run on").isEqualTo(HolderState.RESTORED);
        world.holderDies();
        first.ringsEnd();
        world.holderComesBack();
        final TestGate second = world.gate();
        assertThat(second.enlist()).isTrue();
        world.pass(QUIET_NS);
        assertThat(second.outcomes).containsExactly("OWNER ");
        assertConnected(frontEnd);
    }

    @Test
    void aGateThatIsAliveTellsEverythingAgain() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        world.pass(QUIET_NS);
        world.holderDies();
        world.holderComesBack();
        assertThat(world.holder.state()).isEqualTo(HolderState.RESTORED);

        for (int i = 0; i < 10; i++) {
            world.pass(QUIET_NS);
        }
        assertThat(world.holder.state()).isEqualTo(HolderState.SERVED);
        assertThat(first.link.state()).isEqualTo(LinkState.KEPT);
        assertConnected(frontEnd);
        assertThat(world.kept).as("life, base, disk").hasSize(3);
    }

    /// It has seen the holder go, and does not mark any more what its front ends say.
    @Test
    void aGateThatDiesBeforeItHasFoundTheNextHolderIsNotTakenOver() {
        final TestGate first = serving("vm1");
        first.frontEnd("vm1");
        world.pass(QUIET_NS);
        world.holderDies();
        world.holderComesBack();
        first.dies();
        first.ringsEnd();
        assertThat(world.holder.state()).isEqualTo(HolderState.EMPTY);
        assertThat(world.kept).isEmpty();
    }

    @Test
    void oneThatStandsByTakesOverWhenTheGateOfBeforeDies() {
        final TestGate first = serving("vm1");
        final UnixSocket frontEnd = first.frontEnd("vm1");
        world.pass(QUIET_NS);
        first.dies();
        world.holderDies();
        world.holderComesBack();
        final TestGate second = world.gate();
        assertThat(second.enlist()).isTrue();
        assertThat(second.standby.state()).isEqualTo(StandbyState.READY);
        assertThat(world.holder.state()).isEqualTo(HolderState.RESTORED);
        assertThat(second.outcomes).as("its rings run on").isEmpty();
        first.ringsEnd();
        world.pass(QUIET_NS);
        assertThat(second.outcomes).containsExactly("OWNER ");
        assertConnected(frontEnd);
    }

    @Test
    void aGateOfBeforeThatNeededNothingLeavesNothing() {
        final TestGate first = world.gate();
        assertThat(first.enlist()).isTrue();
        world.holderDies();
        first.dies();
        first.ringsEnd();
        world.holderComesBack();
        assertThat(world.holder.state()).isEqualTo(HolderState.EMPTY);
        assertThat(world.kept).isEmpty();
        final TestGate second = world.gate();
        assertThat(second.enlist()).isTrue();
        assertThat(second.outcomes).containsExactly("STARTS ");
    }
}
