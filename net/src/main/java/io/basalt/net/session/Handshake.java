package io.basalt.net.session;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.reactor.RandomSource;
import io.basalt.wire.HandshakeMessage;
import io.basalt.wire.ProtocolVersions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The proof of both sides of a connection that they have the cluster's key; see [HandshakeMessage]. A state
/// machine over the messages alone.
///
/// ```
/// initiator:  AWAIT_WELCOME ──▶ AWAIT_VERDICT ──▶ DONE
/// acceptor:   AWAIT_HELLO ──▶ AWAIT_PROOF ──▶ PROVED ──▶ DONE
///             any of them ──▶ FAILED
/// ```
///
/// Needs [#MEMORY_BYTES] of memory and no more, whatever the peer sends. What a peer says of itself is believed
/// only after its MAC was right; before that it is text of a stranger and goes into no message.
final class Handshake {
    /// Bytes of memory that a handshake needs.
    static final int MEMORY_BYTES = 2 * HandshakeMessage.GREETING_BYTES + 2 * HandshakeMessage.PROOF_BYTES;

    private static final String BY_ACCEPTOR = "basalt handshake 1: acceptor";
    private static final String BY_INITIATOR = "basalt handshake 1: initiator";

    private final ClusterKey key;
    private final PeerIdentity self;
    private final NetOptions options;
    private final ProtocolVersions versions;
    private final boolean initiator;
    private final MemorySegment hello;
    private final MemorySegment welcome;
    private final MemorySegment proof;
    private final MemorySegment verdict;
    private Step step;
    private int version;
    private @Nullable PeerIdentity peer;
    private String failure = "";

    enum Step {
        AWAIT_HELLO,
        AWAIT_WELCOME,
        AWAIT_PROOF,
        AWAIT_VERDICT,
        PROVED,
        DONE,
        FAILED
    }

    /// A handshake.
    ///
    /// @param versions of the protocol that this side speaks
    /// @param memory of [#MEMORY_BYTES], the caller's, for as long as the handshake lasts
    Handshake(
            ClusterKey key,
            PeerIdentity self,
            NetOptions options,
            ProtocolVersions versions,
            RandomSource nonces,
            boolean initiator,
            MemorySegment memory) {
        this.versions = versions;
        this.key = key;
        this.self = self;
        this.options = options;
        this.initiator = initiator;
        final long greeting = HandshakeMessage.GREETING_BYTES;
        hello = memory.asSlice(0, greeting);
        welcome = memory.asSlice(greeting, greeting);
        proof = memory.asSlice(2 * greeting, HandshakeMessage.PROOF_BYTES);
        verdict = memory.asSlice(2 * greeting + HandshakeMessage.PROOF_BYTES, HandshakeMessage.PROOF_BYTES);
        step = initiator ? Step.AWAIT_WELCOME : Step.AWAIT_HELLO;
        greet(initiator ? hello : welcome, initiator ? HandshakeMessage.HELLO : HandshakeMessage.WELCOME, nonces);
    }

    Step step() {
        return step;
    }

    /// The memory that the next message of the peer is to be received into, exactly.
    MemorySegment expected() {
        return switch (step) {
            case AWAIT_HELLO -> hello;
            case AWAIT_WELCOME -> welcome;
            case AWAIT_PROOF -> proof;
            case AWAIT_VERDICT -> verdict;
            case PROVED, DONE, FAILED -> throw new AssertionError("nothing is expected in " + step);
        };
    }

    /// The first message of an initiator.
    MemorySegment first() {
        assert initiator;
        return hello;
    }

    /// The message that [#expected()] named is there.
    ///
    /// @return what is to be sent in answer, or null if nothing is: then [#step()] says whether it is over
    @Nullable
    MemorySegment received() {
        return switch (step) {
            case AWAIT_HELLO -> helloReceived();
            case AWAIT_WELCOME -> welcomeReceived();
            case AWAIT_PROOF -> proofReceived();
            case AWAIT_VERDICT -> verdictReceived();
            case PROVED, DONE, FAILED -> throw new AssertionError("nothing is expected in " + step);
        };
    }

    /// Acceptor: the verdict over a peer that has proved itself.
    MemorySegment verdict(boolean accepted) {
        assert step == Step.PROVED;
        HandshakeMessage.begin(verdict, HandshakeMessage.VERDICT);
        HandshakeMessage.verdict(verdict, accepted ? HandshakeMessage.ACCEPTED : HandshakeMessage.REFUSED);
        HandshakeMessage.seal(verdict);
        step = accepted ? Step.DONE : Step.FAILED;
        failure = accepted ? failure : "this side refused the peer";
        return verdict;
    }

    /// Why it failed, for people.
    String failure() {
        return failure;
    }

    /// The peer; known once it has proved itself.
    PeerIdentity peer() {
        return Objects.requireNonNull(peer, "the peer is unknown before it has proved itself");
    }

    /// The version of the protocol that both speak; known once both have greeted.
    int version() {
        assert version != 0 : "the version is chosen by the acceptor";
        return version;
    }

    int peerWindow() {
        return HandshakeMessage.window(initiator ? welcome : hello);
    }

    int peerPayloadMax() {
        return HandshakeMessage.payloadMax(initiator ? welcome : hello);
    }

    private void greet(MemorySegment message, int kind, RandomSource nonces) {
        HandshakeMessage.begin(message, kind);
        HandshakeMessage.versions(message, versions.least(), versions.most());
        HandshakeMessage.role(message, self.role().code());
        HandshakeMessage.nodeId(message, self.nodeId());
        HandshakeMessage.name(message, self.name());
        HandshakeMessage.window(message, options.requestsMax());
        HandshakeMessage.payloadMax(message, options.payloadBytesMax());
        final MemorySegment nonce = HandshakeMessage.nonce(message);
        for (long at = 0; at < HandshakeMessage.NONCE_BYTES; at += Long.BYTES) {
            nonce.set(ValueLayout.JAVA_LONG_UNALIGNED, at, nonces.nextLong());
        }
        if (kind == HandshakeMessage.HELLO) {
            HandshakeMessage.seal(message);
        }
    }

    private @Nullable MemorySegment helloReceived() {
        final String violation = HandshakeMessage.greetingViolation(hello, HandshakeMessage.HELLO);
        if (violation != null) {
            return fail("the first message is no HELLO: " + violation);
        }
        final int least = HandshakeMessage.versionMin(hello);
        final int most = HandshakeMessage.versionMax(hello);
        version = versions.common(least, most);
        if (version == 0) {
            return fail("the peer speaks versions " + least + " to " + most + " of the protocol, this side "
                    + versions.least() + " to " + versions.most() + ": upgrade the older of the two");
        }
        HandshakeMessage.versions(welcome, version, version);
        sign(welcome, BY_ACCEPTOR);
        step = Step.AWAIT_PROOF;
        return welcome;
    }

    private @Nullable MemorySegment welcomeReceived() {
        final String violation = HandshakeMessage.greetingViolation(welcome, HandshakeMessage.WELCOME);
        if (violation != null) {
            return fail("the answer to HELLO is no WELCOME: " + violation);
        }
        if (!isSigned(welcome, BY_ACCEPTOR)) {
            return fail("the peer has another cluster key: give both the same key file");
        }
        version = HandshakeMessage.versionMax(welcome);
        if (!versions.contains(version)) {
            return fail("the peer chose a version of the protocol that was not offered");
        }
        if (!identify(welcome)) {
            return null;
        }
        HandshakeMessage.begin(proof, HandshakeMessage.PROOF);
        sign(proof, BY_INITIATOR);
        step = Step.AWAIT_VERDICT;
        return proof;
    }

    private @Nullable MemorySegment proofReceived() {
        final String violation = HandshakeMessage.proofViolation(proof, HandshakeMessage.PROOF);
        if (violation != null) {
            return fail("the answer to WELCOME is no PROOF: " + violation);
        }
        if (!isSigned(proof, BY_INITIATOR)) {
            return fail("the peer has another cluster key: give both the same key file");
        }
        if (identify(hello)) {
            step = Step.PROVED;
        }
        return null;
    }

    private @Nullable MemorySegment verdictReceived() {
        final String violation = HandshakeMessage.proofViolation(verdict, HandshakeMessage.VERDICT);
        if (violation != null) {
            return fail("the answer to PROOF is no VERDICT: " + violation);
        }
        if (HandshakeMessage.verdict(verdict) != HandshakeMessage.ACCEPTED) {
            return fail("the peer does not take connections of role " + self.role() + ", node " + self.nodeId());
        }
        step = Step.DONE;
        return null;
    }

    private boolean identify(MemorySegment greeting) {
        final Role role = Role.of(HandshakeMessage.role(greeting));
        final String name = HandshakeMessage.name(greeting);
        final String violation = PeerIdentity.violation(name);
        if (role == null || violation != null) {
            fail("the peer's identity is malformed: " + (role == null ? "unknown role" : violation));
            return false;
        }
        if (HandshakeMessage.window(greeting) == 0 || HandshakeMessage.payloadMax(greeting) < 0) {
            fail("the peer takes no requests at all");
            return false;
        }
        peer = new PeerIdentity(role, HandshakeMessage.nodeId(greeting), name);
        return true;
    }

    private void sign(MemorySegment message, String label) {
        MemorySegment.copy(
                mac(label), 0, HandshakeMessage.mac(message), ValueLayout.JAVA_BYTE, 0, HandshakeMessage.MAC_BYTES);
        HandshakeMessage.seal(message);
    }

    private boolean isSigned(MemorySegment message, String label) {
        return ClusterKey.same(mac(label), HandshakeMessage.mac(message).toArray(ValueLayout.JAVA_BYTE));
    }

    private byte[] mac(String label) {
        return key.mac(label, HandshakeMessage.signed(hello), HandshakeMessage.signed(welcome));
    }

    private @Nullable MemorySegment fail(String reason) {
        step = Step.FAILED;
        failure = reason;
        return null;
    }
}
