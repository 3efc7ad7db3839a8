package io.basalt.net.session;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.wire.Checksum;
import io.basalt.wire.FrameHeader;
import io.basalt.wire.ProtocolVersions;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A peer that has the key, gets through the handshake by the rules, and then sends whatever bytes the test wants.
final class HostilePeer {
    private final NetworkWorld world;
    private final NetworkWorld.RawPeer raw;

    HostilePeer(NetworkWorld world, NetworkWorld.RawPeer raw) {
        this.world = world;
        this.raw = raw;
    }

    /// Goes through the handshake.
    void enter(ClusterKey key) {
        final MemorySegment memory = Arena.ofAuto().allocate(Handshake.MEMORY_BYTES);
        final PeerIdentity self = new PeerIdentity(Role.GATE, 66, "hostile");
        final Handshake handshake =
                new Handshake(key, self, NetOptions.DEFAULT, ProtocolVersions.CURRENT, () -> 42, true, memory);
        MemorySegment next = handshake.first();
        while (handshake.step() != Handshake.Step.DONE) {
            if (next != null) {
                raw.send(next.toArray(ValueLayout.JAVA_BYTE));
            }
            final MemorySegment expected = handshake.expected();
            final byte[] bytes = receive((int) expected.byteSize());
            MemorySegment.copy(bytes, 0, expected, ValueLayout.JAVA_BYTE, 0, bytes.length);
            next = handshake.received();
            if (handshake.step() == Handshake.Step.FAILED) {
                throw new AssertionError(handshake.failure());
            }
        }
    }

    byte[] receive(int length) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        world.until("bytes have come", () -> {
            bytes.writeBytes(raw.receive(length - bytes.size()));
            return bytes.size() == length || raw.isEnded();
        });
        return bytes.toByteArray();
    }

    /// A well-formed request.
    static byte[] request(int type, long id, byte[] body, byte[] payload, int flags) {
        final MemorySegment frame = MemorySegment.ofArray(new byte[FrameHeader.BYTES + body.length + payload.length]);
        FrameHeader.begin(frame, 0, FrameHeader.KIND_REQUEST);
        FrameHeader.type(frame, 0, type);
        FrameHeader.requestId(frame, 0, id);
        FrameHeader.flags(frame, 0, flags);
        FrameHeader.bodyLength(frame, 0, body.length);
        FrameHeader.payloadLength(frame, 0, payload.length);
        FrameHeader.window(frame, 0, 16);
        MemorySegment.copy(body, 0, frame, ValueLayout.JAVA_BYTE, FrameHeader.BYTES, body.length);
        MemorySegment.copy(payload, 0, frame, ValueLayout.JAVA_BYTE, FrameHeader.BYTES + body.length, payload.length);
        final MemorySegment copy = MemorySegment.ofArray(payload);
        FrameHeader.payloadCrc(frame, 0, payload.length == 0 ? 0 : Checksum.of(copy, 0, payload.length));
        return seal(frame.toArray(ValueLayout.JAVA_BYTE));
    }

    /// A frame of any kind without body and payload.
    static byte[] frame(int kind, long id) {
        final MemorySegment frame = MemorySegment.ofArray(new byte[FrameHeader.BYTES]);
        FrameHeader.begin(frame, 0, kind);
        FrameHeader.requestId(frame, 0, id);
        FrameHeader.window(frame, 0, 16);
        return seal(frame.toArray(ValueLayout.JAVA_BYTE));
    }

    /// Sets the header checksum of a frame right, whatever the header says.
    static byte[] seal(byte[] frame) {
        final MemorySegment segment = MemorySegment.ofArray(frame);
        final int bodyLength = Math.min(FrameHeader.bodyLength(segment, 0), frame.length - FrameHeader.BYTES);
        FrameHeader.headerCrc(
                segment,
                0,
                Checksum.of(segment, FrameHeader.CHECKED_FROM, FrameHeader.BYTES - 8L + Math.max(0, bodyLength)));
        return frame;
    }
}
