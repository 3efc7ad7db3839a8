package io.basalt.net.session;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// The native memory of one ready connection, used again for the next one.
///
/// ```
/// | receive buffer | heads of frames being sent | bodies of the peer's requests and their answers |
/// ```
final class LinkMemory {
    final MemorySegment receive;
    final ByteBuffer receiveView;
    final MemorySegment send;
    final ByteBuffer sendView;
    final MemorySegment bodies;

    private LinkMemory(MemorySegment block, int receiveBytes, int sendBytes) {
        receive = block.asSlice(0, receiveBytes);
        receiveView = receive.asByteBuffer();
        send = block.asSlice(receiveBytes, sendBytes);
        sendView = send.asByteBuffer();
        bodies = block.asSlice(receiveBytes + sendBytes);
    }

    /// Where connections' memory comes from: as much as there were ever connections at one time. One thread.
    static final class Supply {
        private static final int ALIGNMENT = 4096;

        private final Arena arena;
        private final int receiveBytes;
        private final int sendBytes;
        private final int bodyBytes;
        private final ArrayDeque<LinkMemory> free = new ArrayDeque<>();

        Supply(Arena arena, int receiveBytes, int sendBytes, int bodyBytes) {
            this.arena = arena;
            this.receiveBytes = receiveBytes;
            this.sendBytes = sendBytes;
            this.bodyBytes = bodyBytes;
        }

        LinkMemory take() {
            final LinkMemory used = free.poll();
            if (used != null) {
                return used;
            }
            final MemorySegment block = arena.allocate((long) receiveBytes + sendBytes + bodyBytes, ALIGNMENT);
            return new LinkMemory(block, receiveBytes, sendBytes);
        }

        void give(LinkMemory memory) {
            free.push(memory);
        }
    }
}
