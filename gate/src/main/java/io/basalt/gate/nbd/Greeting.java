package io.basalt.gate.nbd;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.nbd.Agreement;
import io.basalt.nbd.Handshake;
import io.basalt.nbd.HandshakeState;
import io.basalt.net.session.ByteStream;
import io.basalt.net.session.Pieces;
import io.basalt.net.tcp.UringStream;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One client's connection in its first phase: carries the bytes of a [Handshake], for a limited time,
/// and gives the socket away when client and server have agreed. Control reactor.
final class Greeting implements ByteStream.Handler {
    private static final System.Logger LOG = System.getLogger(Greeting.class.getName());

    /// How long a handshake may take.
    private static final long LIMIT_NS = 10_000_000_000L;

    private static final int INPUT_BYTES = 4096;

    private final Door door;
    private final String peer;
    private final Consumer<Greeting> ended;
    private final Handshake handshake;
    private final Timer limit;
    private final MemorySegment input = Arena.ofAuto().allocate(INPUT_BYTES);
    private final ByteBuffer unread = input.asByteBuffer().limit(0);
    private final Pieces incoming = new Pieces(1);
    private final Pieces outgoing = new Pieces(1);
    private @Nullable UringStream stream;
    private boolean closing;

    /// @param ended told when the connection has been given away, or closed
    Greeting(Reactor control, Door door, String peer, Consumer<Greeting> ended) {
        this.door = door;
        this.peer = peer;
        this.ended = ended;
        handshake = new Handshake(door);
        limit = control.schedule(LIMIT_NS, () -> hangUp("the handshake takes too long"));
    }

    String peer() {
        return peer;
    }

    Agreement agreement() {
        return handshake.agreement();
    }

    private UringStream stream() {
        return Objects.requireNonNull(stream, "begun");
    }

    /// Begin.
    void begin(UringStream connected) {
        stream = connected;
        goOn();
    }

    private void goOn() {
        handshake.accept(unread);
        if (handshake.hasOutput()) {
            final byte[] bytes = handshake.output();
            final MemorySegment output = Arena.ofAuto().allocate(bytes.length);
            MemorySegment.copy(bytes, 0, output, ValueLayout.JAVA_BYTE, 0, bytes.length);
            outgoing.clear();
            outgoing.add(output, 0, bytes.length);
            stream().send(outgoing);
        } else if (handshake.state() == HandshakeState.AGREED) {
            giveAway();
        } else if (handshake.state() == HandshakeState.ENDED) {
            hangUp(handshake.reason());
        } else {
            assert !unread.hasRemaining() : "what can be answered has been";
            incoming.clear();
            incoming.add(input, 0, INPUT_BYTES);
            stream().receive(incoming);
        }
    }

    private void giveAway() {
        limit.cancel();
        final byte[] leftover = new byte[unread.remaining()];
        unread.get(leftover);
        final FileDescriptor socket = stream().release();
        closing = true;
        door.admit(this, socket, leftover);
        ended.accept(this);
    }

    /// End the connection.
    void hangUp(String reason) {
        if (!closing) {
            closing = true;
            limit.cancel();
            LOG.log(Level.DEBUG, "peer={0} handshake ended: {1}", peer, reason);
            stream().close();
        }
    }

    @Override
    public void connected() {
        assert !closing : "a new connection";
    }

    @Override
    public void sent(int length) {
        outgoing.drop(length);
        if (outgoing.byteCount() > 0) {
            stream().send(outgoing);
        } else {
            goOn();
        }
    }

    @Override
    public void received(int length) {
        unread.clear().limit(length);
        goOn();
    }

    @Override
    public void failed(String reason) {
        hangUp(reason);
    }

    @Override
    public void ended(String reason) {
        hangUp(reason);
    }

    @Override
    public void closed() {
        ended.accept(this);
    }
}
