package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A session with fakes all around it, and a socket that keeps what the session does not want yet.
final class SessionRig implements FrontEndConnection {
    static final long USER_ADDRESS = 0x7f00_0000_0000L;
    static final long ALL_PROTOCOL = PROTOCOL_FEATURES_OFFERED;
    static final long BASIC = 0x1_0000_0046L | VHOST_USER_F_PROTOCOL_FEATURES;

    /// Bytes in flight to the session, with the descriptors that travel with their first byte.
    private static final class Packet {
        private final byte[] bytes;
        private final int[] fds;

        Packet(byte[] bytes, int[] fds) {
            this.bytes = bytes;
            this.fds = fds;
        }
    }

    /// A message the session sent.
    record Sent(VhostUserMessage message, FakeSystem.@Nullable FakeFile file) {}

    final FakeSystem system;
    final FakeDevice device;
    VhostUserSession session;
    final VhostUserMessage out = VhostUserMessage.allocate();
    final Deque<Sent> sent = new ArrayDeque<>();
    final List<Integer> requests = new ArrayList<>();
    private final Deque<Packet> socket = new ArrayDeque<>();
    private int chunkMax = Integer.MAX_VALUE;
    long nowNs;
    boolean sendable = true;
    boolean closed;
    boolean surrendered;

    @Nullable
    String closingReason;

    int wantedCount;

    SessionRig() {
        this(new FakeSystem());
    }

    SessionRig(FakeSystem system) {
        this.system = system;
        this.device = new FakeDevice(system);
        this.session = new VhostUserSession(device, this, system, system);
    }

    /// Deliver at most so many bytes at a time.
    SessionRig inChunksOf(int bytes) {
        chunkMax = bytes;
        return this;
    }

    @Override
    public boolean send(MemorySegment message, int fd) {
        if (closingReason != null) {
            system.mistakes.add("sent after closing");
        }
        if (!sendable) {
            return false;
        }
        final VhostUserMessage copy = new VhostUserMessage(MemorySegment.ofArray(new byte[MESSAGE_SIZE_MAX]));
        copy.buffer().copyFrom(message);
        sent.add(new Sent(copy, fd < 0 ? null : system.file(fd)));
        return true;
    }

    @Override
    public boolean sendRequest(int backendFd, MemorySegment message) {
        assertThat(system.file(backendFd)).isNotNull();
        if (!sendable) {
            return false;
        }
        assertThat(message.byteSize()).isEqualTo(HEADER_SIZE);
        assertThat(message.get(ValueLayout.JAVA_INT_UNALIGNED, 4)).isEqualTo(VERSION);
        requests.add(message.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        return true;
    }

    @Override
    public void inputWanted() {
        wantedCount++;
    }

    @Override
    public void closing(String reason) {
        assertThat(closingReason).as("closing told twice").isNull();
        closingReason = reason;
    }

    @Override
    public void closed() {
        assertThat(closed).as("closed told twice").isFalse();
        closed = true;
    }

    @Override
    public void surrendered() {
        assertThat(closingReason).as("closed before").isNull();
        surrendered = true;
    }

    /// Put a message into the socket and let the session read as much as it wants.
    void tell(VhostUserMessage message, int... fds) {
        tell(message.bytes().toArray(ValueLayout.JAVA_BYTE), fds);
    }

    void tell(byte[] bytes, int... fds) {
        socket.add(new Packet(bytes, fds));
        pump();
    }

    /// Let the session read as much as it wants.
    void pump() {
        while (!socket.isEmpty() && session.bytesWanted() > 0) {
            final Packet packet = socket.remove();
            final int count = Math.min(Math.min(session.bytesWanted(), packet.bytes.length), chunkMax);
            session.input().copyFrom(MemorySegment.ofArray(packet.bytes).asSlice(0, count));
            if (count < packet.bytes.length) {
                final byte[] rest = Arrays.copyOfRange(packet.bytes, count, packet.bytes.length);
                socket.addFirst(new Packet(rest, new int[0]));
            }
            session.received(count, packet.fds, packet.fds.length, nowNs);
        }
        if (session.state() == SessionState.CLOSING || session.state() == SessionState.CLOSED) {
            // The kernel closes what is still in a closed socket.
            socket.forEach(packet -> Arrays.stream(packet.fds).forEach(system::close));
            socket.clear();
        }
    }

    /// Acknowledge what the device holds, and go on reading.
    void acknowledge() {
        device.acknowledge();
        pump();
    }

    VhostUserMessage begin(int request, int flags, int size) {
        return out.begin(request, flags, size);
    }

    void u64(int request, long value, int... fds) {
        tell(begin(request, VERSION, U64_SIZE).u64(value), fds);
    }

    void state(int request, int index, int num) {
        tell(begin(request, VERSION, VRING_STATE_SIZE).state(index, num));
    }

    /// Tell with NEED_REPLY, and give the acknowledged number.
    long ask(VhostUserMessage message, int... fds) {
        final int request = message.request();
        message.flags(VERSION | NEED_REPLY_MASK);
        tell(message, fds);
        return reply(request, U64_SIZE).message().u64();
    }

    long askU64(int request, long value, int... fds) {
        return ask(begin(request, VERSION, U64_SIZE).u64(value), fds);
    }

    long askState(int request, int index, int num) {
        return ask(begin(request, VERSION, VRING_STATE_SIZE).state(index, num));
    }

    /// The only reply there is, checked as a front end checks it.
    Sent reply(int request, int size) {
        assertThat(sent).as("replies to " + name(request)).hasSize(1);
        final Sent answer = sent.remove();
        assertThat(answer.message().replyViolation(request)).isNull();
        assertThat(answer.message().size()).isEqualTo(size);
        return answer;
    }

    void assertSilent() {
        assertThat(sent).as("replies").isEmpty();
    }

    /// Agree on everything, so that every request can be refused.
    SessionRig negotiate() {
        return negotiate(ALL_PROTOCOL, BASIC);
    }

    SessionRig negotiate(long protocolFeatures, long features) {
        u64(SET_PROTOCOL_FEATURES, protocolFeatures);
        u64(SET_FEATURES, features);
        return this;
    }

    static RegionDescription region() {
        return new RegionDescription(0, FakeSystem.MEMORY_SIZE, USER_ADDRESS, 0);
    }

    VhostUserMessage table(RegionDescription... regions) {
        begin(SET_MEM_TABLE, VERSION, MEMORY_HEADER_SIZE + regions.length * MEMORY_REGION_SIZE)
                .regionCount(regions.length);
        for (int i = 0; i < regions.length; i++) {
            out.region(i, regions[i]);
        }
        return out;
    }

    VhostUserMessage single(int request, RegionDescription region) {
        return begin(request, VERSION, SINGLE_REGION_SIZE).region(0, region);
    }

    int memory() {
        return system.open(FakeSystem.Kind.MEMORY);
    }

    VhostUserMessage addresses(int index, int flags, long at) {
        return begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                .addresses(index, flags, at, at + 0x4000, at + 0x8000, 0x10_4000);
    }

    /// Where the rig puts a ring.
    static long ringAddress(int index) {
        return USER_ADDRESS + 0x10_0000L * (index + 1);
    }

    /// Set up and start an enabled ring with kick and call.
    void startRing(int index) {
        u64(SET_VRING_CALL, index, system.event());
        state(SET_VRING_NUM, index, 128);
        state(SET_VRING_BASE, index, 0);
        tell(addresses(index, 0, ringAddress(index)));
        state(SET_VRING_ENABLE, index, 1);
        u64(SET_VRING_KICK, index, system.event());
    }

    /// A session that serves `count` rings.
    static SessionRig serving(int count) {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(region()), rig.memory());
        for (int i = 0; i < count; i++) {
            rig.startRing(i);
            assertThat(rig.session.ringState(i)).isEqualTo(RingState.STARTED);
        }
        rig.tell(rig.begin(GET_CONFIG, VERSION, CONFIG_HEADER_SIZE + 8).config(0, 8, 0));
        rig.u64(SET_STATUS, 0xf);
        rig.sent.clear();
        rig.requests.clear();
        rig.device.told.clear();
        return rig;
    }

    /// Hang up, and check that everything is released.
    void hangUp() {
        session.close("hang-up");
        pump();
        acknowledge();
        assertThat(session.state()).isEqualTo(SessionState.CLOSED);
        assertThat(closed).isTrue();
        system.assertBalanced();
    }
}
