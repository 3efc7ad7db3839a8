package io.basalt.meta.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// A snapshot that an older release has written is read; one of a newer release is refused.
class SnapshotVersionTest {
    private static final String VERSION_1 =
            "01010000000000000002000000000000000068e5cf8b0100000200000002000000010000000100000000000000"
                    + "01000000000000000200000001000000c000000000000000010000000000000007006368756e6b2d3101050030"
                    + "2e312e300400726f6f6d04007261636b0600686f73742d31010068e5cf8b01000002000000c000000000000000"
                    + "020000000000000007006368756e6b2d32010500302e312e300400726f6f6d04007261636b0600686f73742d32"
                    + "010068e5cf8b010000020000000100000001000000000000000100000000000000010000000100000003007373"
                    + "640000000000010000000000000000000000010200000002000000000000000100000000000000020000000100"
                    + "0000030073736400000000000100000000000000000000000101000000010000000400636f6c64022c01000001"
                    + "00000000001000000000000600000000000000020000000203010200000001000000010000000400726f6f6d04"
                    + "007261636b0600686f73742d3100000100010e003132372e302e302e313a373031300200000002000000040072"
                    + "6f6f6d04007261636b0600686f73742d3200000100010e003132372e302e302e313a3730323000000000010000"
                    + "000302010000000200000001000000030202000000010000000100000001000000000000000100760000100000"
                    + "000000000010000010000003007373640068e5cf8b010000000000000000000000000000000000000101000000"
                    + "000000000100000000000000000000000000100000000000000000000100000001000000000000000200000000"
                    + "000000975d0eb80100000000000000";

    @Test
    void aSnapshotOfVersion1IsRead() {
        final MetaState state = MetaState.restore(HexFormat.of().parseHex(VERSION_1));
        final SetRecord set = state.sets().iterator().next();
        assertThat(set.name()).isEqualTo("cold");
        assertThat(set.minCopies()).isEqualTo(2);
        assertThat(set.map().minCopies()).isEqualTo(2);
        assertThat(set.overcommitPercent()).isEqualTo(300);
        assertThat(set.map().rule()).isEqualTo(new RoutingRule(2, 2, FailureDomain.HOST));
        assertThat(set.map().pgTable().inSyncMask(1)).isEqualTo(3);
        assertThat(state.volume("v")).isNotNull();
        assertThat(state.nodes()).hasSize(2);
        assertThat(state.devices()).hasSize(2);
        final byte[] now = state.snapshot();
        assertThat(now[0]).as("nothing newer was applied").isEqualTo((byte) 2);
        assertThat(MetaState.restore(now).snapshot()).isEqualTo(now);
    }

    @Test
    void aSnapshotIsReadByTheReleaseBeforeUntilACommandWasAppliedThatThatDoesNotUnderstand() {
        final MetaState state = new MetaState();
        assertThat(state.newestCommand()).isZero();
        state.apply(CommandCodec.encode(Commands.cluster(), 2));
        assertThat(state.newestCommand()).isEqualTo(2);
        assertThat(state.snapshot()[0]).isEqualTo((byte) 2);
        state.apply(CommandCodec.encode(Commands.set("default", 3, 0), 3));
        state.apply(CommandCodec.encode(Commands.set("other", 3, 0), 2));
        assertThat(state.newestCommand()).isEqualTo(3);
        final byte[] now = state.snapshot();
        assertThat(now[0]).isEqualTo((byte) 3);
        assertThat(MetaState.restore(now).newestCommand()).isEqualTo(3);
        assertThat(MetaState.restore(now).snapshot()).isEqualTo(now);
    }

    @Test
    void aSnapshotOfANewerVersionIsRefused() {
        final byte[] newer = new MetaState().snapshot();
        newer[0] = Tables.SNAPSHOT_VERSION + 1;
        assertThatThrownBy(() -> MetaState.restore(newer)).isInstanceOf(UnknownVersionException.class);
    }
}
