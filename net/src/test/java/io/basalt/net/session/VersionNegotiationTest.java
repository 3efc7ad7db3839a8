package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.PeerIdentity;
import io.basalt.wire.ProtocolVersions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Two releases that follow one another speak to each other, whichever of them opens the connection.
class VersionNegotiationTest {
    /// A HELLO as the release before this one has sent it: version 1 alone, a gate, node 66.
    private static final String HELLO_1 = "42534c4801010101420000008000080000001000000000002a000000000000002a00000000"
            + "0000002a000000000000002a000000000000006f6c642d67617465";

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 2, 1",
        "1, 2, 1, 1, 1",
        "1, 2, 1, 2, 2",
        "1, 2, 2, 3, 2",
        "2, 3, 1, 2, 2",
        "3, 4, 1, 9, 4",
        "1, 1, 2, 3, 0",
        "2, 3, 1, 1, 0",
    })
    void bothTakeTheHighestVersionThatTheyHaveInCommon(
            int least, int most, int acceptorLeast, int acceptorMost, int expected) {
        final Handshake initiator = handshake(new ProtocolVersions(least, most), true);
        final Handshake acceptor = handshake(new ProtocolVersions(acceptorLeast, acceptorMost), false);
        deliver(initiator.first(), acceptor);
        final MemorySegment welcome = acceptor.received();
        if (expected == 0) {
            assertThat(welcome).isNull();
            assertThat(acceptor.failure())
                    .isEqualTo("the peer speaks versions " + least + " to " + most + " of the protocol, this side "
                            + acceptorLeast + " to " + acceptorMost + ": upgrade the older of the two");
            return;
        }
        deliver(welcome, initiator);
        deliver(initiator.received(), acceptor);
        assertThat(acceptor.received()).isNull();
        deliver(acceptor.verdict(true), initiator);
        assertThat(initiator.received()).isNull();
        assertThat(initiator.step()).isEqualTo(Handshake.Step.DONE);
        assertThat(initiator.version()).isEqualTo(expected);
        assertThat(acceptor.version()).isEqualTo(expected);
    }

    @Test
    void theReleaseBeforeIsSpokenTo() {
        final Handshake old = handshake(new ProtocolVersions(1, 1), true);
        assertThat(HexFormat.of().formatHex(old.first().toArray(ValueLayout.JAVA_BYTE)))
                .as("what was recorded")
                .startsWith(HELLO_1);
        final Handshake now = handshake(ProtocolVersions.CURRENT, false);
        deliver(old.first(), now);
        deliver(now.received(), old);
        assertThat(old.received()).as("its PROOF").isNotNull();
        assertThat(now.version()).isEqualTo(1);
        assertThat(ProtocolVersions.CURRENT.most() - ProtocolVersions.CURRENT.least())
                .as("this release and the one before")
                .isEqualTo(1);
    }

    @Test
    void aVersionThatWasNotOfferedIsNotTaken() {
        final Handshake initiator = handshake(new ProtocolVersions(1, 2), true);
        final Handshake newer = handshake(new ProtocolVersions(1, 3), false);
        final Handshake liar = handshake(new ProtocolVersions(1, 3), true);
        deliver(liar.first(), newer);
        deliver(newer.received(), initiator);
        assertThat(initiator.received()).isNull();
        assertThat(initiator.step()).as("the versions are under the MAC").isEqualTo(Handshake.Step.FAILED);
    }

    private Handshake handshake(ProtocolVersions versions, boolean initiator) {
        return new Handshake(
                new ClusterKey(new byte[ClusterKey.BYTES]),
                new PeerIdentity(PeerIdentity.Role.GATE, 66, "old-gate"),
                NetOptions.DEFAULT,
                versions,
                () -> 42,
                initiator,
                arena.allocate(Handshake.MEMORY_BYTES));
    }

    private static void deliver(@Nullable MemorySegment message, Handshake to) {
        assertThat(message).isNotNull();
        to.expected().copyFrom(message);
    }
}
