package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The other side of vhost-user, what a virtual machine monitor does: it drives a back end from the handshake
/// to the stop of the rings. For load generation and tests.
///
/// Order of use: [#connect]; [#config]; [#features(long)]; [#createInflight] or, after a reconnect,
/// [#inflight(Inflight)] with the old region; [#memory]; [#startRing] for each ring; [#enableRing]. At the end
/// [#stopRing], which gives each ring's base for the next start.
///
/// With REPLY_ACK agreed on, every request waits for its acknowledgement. Without it [#barrier()] says when all
/// that was sent has been seen. Not for use by two threads at a time; blocks as its transport does.
///
/// Throws [VhostUserException] if the back end refuses a request or breaks the protocol.
public final class VhostUserFrontEnd {
    /// The socket to a back end. Failures are thrown as the implementation's own unchecked exceptions.
    public interface Transport {
        /// Send a whole message.
        ///
        /// @param fds to pass with its first byte; they stay the caller's
        void send(MemorySegment message, int[] fds);

        /// Wait until a buffer is filled.
        ///
        /// @param fds takes descriptors that arrive, which are then the caller's
        /// @return how many arrived
        int receive(MemorySegment into, int[] fds);
    }

    /// A region of guest memory with the file behind it, which stays the front end's.
    public record Memory(RegionDescription region, int fd) {}

    /// An inflight region to be kept through a back end's absence. The descriptor is the front end's, to be
    /// closed by whoever asked for the region.
    public record Inflight(long mapSize, long mapOffset, int queueCount, int queueSize, int fd) {}

    private static final int[] NO_FDS = {};

    private final Transport transport;
    private final VhostUserMessage message = VhostUserMessage.allocate();
    private final int[] received = new int[FD_COUNT_MAX];
    private int receivedCount;
    private long offered;
    private long features;
    private long protocolFeatures;
    private int queueCountMax;
    private long slotCountMax = MEMORY_BASELINE_NREGIONS;
    private int status;

    public VhostUserFrontEnd(Transport transport) {
        this.transport = transport;
    }

    /// Agree on the protocol and take possession.
    ///
    /// @param wantedProtocolFeatures those not offered are left out
    /// @param backendFd socket on which the back end may send requests, or -1; stays the caller's
    public void connect(long wantedProtocolFeatures, int backendFd) {
        offered = askU64(GET_FEATURES);
        if ((offered & VHOST_USER_F_PROTOCOL_FEATURES) != 0) {
            protocolFeatures = askU64(GET_PROTOCOL_FEATURES) & wantedProtocolFeatures;
            tell(message.begin(SET_PROTOCOL_FEATURES, VERSION, U64_SIZE).u64(protocolFeatures), NO_FDS);
        }
        queueCountMax = agreed(PROTOCOL_F_MQ) ? Math.toIntExact(askU64(GET_QUEUE_NUM)) : 1;
        if (agreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            slotCountMax = askU64(GET_MAX_MEM_SLOTS);
        }
        if (backendFd >= 0 && agreed(PROTOCOL_F_BACKEND_REQ)) {
            request(message.begin(SET_BACKEND_REQ_FD, VERSION, 0), backendFd);
        }
        request(message.begin(SET_OWNER, VERSION, 0), -1);
        offered = askU64(GET_FEATURES);
    }

    /// Virtio features on offer.
    public long offered() {
        return offered;
    }

    public long features() {
        return features;
    }

    public long protocolFeatures() {
        return protocolFeatures;
    }

    public int queueCountMax() {
        return queueCountMax;
    }

    private boolean agreed(long protocolFeature) {
        return (protocolFeatures & protocolFeature) != 0;
    }

    /// Read the configuration space from its beginning.
    ///
    /// @param size bytes, 1 to 256
    public byte[] config(int size) {
        message.begin(GET_CONFIG, VERSION, CONFIG_HEADER_SIZE + size).config(0, size, 0);
        ask(GET_CONFIG);
        if (message.size() != CONFIG_HEADER_SIZE + size) {
            throw new VhostUserException("GET_CONFIG: refused by the back end");
        }
        return message.configBytes(size).toArray(ValueLayout.JAVA_BYTE);
    }

    /// Write to the configuration space.
    public void writeConfig(int offset, byte[] data) {
        message.begin(SET_CONFIG, VERSION, CONFIG_HEADER_SIZE + data.length).config(offset, data.length, 0);
        message.configBytes(data.length).copyFrom(MemorySegment.ofArray(data));
        request(message, -1);
    }

    /// Agree on virtio features: those wanted that are offered. VHOST_USER_F_PROTOCOL_FEATURES goes along by
    /// itself.
    ///
    /// @return the result
    public long features(long wanted) {
        features = offered & (wanted | VHOST_USER_F_PROTOCOL_FEATURES);
        request(message.begin(SET_FEATURES, VERSION, U64_SIZE).u64(features), -1);
        return features;
    }

    /// Set the device status, where the back end keeps one.
    public void status(int value) {
        if (agreed(PROTOCOL_F_STATUS)) {
            status = value;
            request(message.begin(SET_STATUS, VERSION, U64_SIZE).u64(status), -1);
        }
    }

    /// Ask for an inflight region and hand it over, as at a first start.
    public Inflight createInflight(int queueCount, int queueSize) {
        message.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(queueCount, queueSize);
        ask(GET_INFLIGHT_FD);
        if (receivedCount != 1 || message.mapSize() <= 0) {
            throw new VhostUserException("GET_INFLIGHT_FD: refused by the back end");
        }
        final Inflight region =
                new Inflight(message.mapSize(), message.mapOffset(), queueCount, queueSize, received[0]);
        inflight(region);
        return region;
    }

    /// Hand over an inflight region, as at every start after a reconnect.
    public void inflight(Inflight region) {
        message.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE)
                .map(region.mapSize(), region.mapOffset())
                .inflightQueues(region.queueCount(), region.queueSize());
        request(message, region.fd());
    }

    /// Hand over guest memory: by memory slots if agreed on, else as one table.
    public void memory(List<Memory> regions) {
        if (regions.size() > slotCountMax) {
            throw new VhostUserException(regions.size() + " regions: the back end takes " + slotCountMax);
        }
        if (agreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            regions.forEach(this::addMemory);
            return;
        }
        final int count = regions.size();
        final int[] fds = new int[count];
        message.begin(SET_MEM_TABLE, VERSION, MEMORY_HEADER_SIZE + count * MEMORY_REGION_SIZE)
                .regionCount(count);
        for (int i = 0; i < count; i++) {
            message.region(i, regions.get(i).region());
            fds[i] = regions.get(i).fd();
        }
        request(message, fds);
    }

    /// Add a region in a slot of its own.
    public void addMemory(Memory memory) {
        request(message.begin(ADD_MEM_REG, VERSION, SINGLE_REGION_SIZE).region(0, memory.region()), memory.fd());
    }

    /// Remove a region from its slot.
    public void removeMemory(RegionDescription region) {
        request(message.begin(REM_MEM_REG, VERSION, SINGLE_REGION_SIZE).region(0, region), -1);
    }

    /// Set a ring up and start it.
    public void startRing(FrontEndRing ring) {
        eventFd(SET_VRING_CALL, ring.index(), ring.callFd());
        if (ring.errorFd() >= 0) {
            eventFd(SET_VRING_ERR, ring.index(), ring.errorFd());
        }
        request(message.begin(SET_VRING_NUM, VERSION, VRING_STATE_SIZE).state(ring.index(), ring.size()), -1);
        request(message.begin(SET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(ring.index(), ring.base()), -1);
        addresses(ring);
        eventFd(SET_VRING_KICK, ring.index(), ring.kickFd());
    }

    /// Give a ring's addresses; on a running ring only what is logged may differ.
    public void addresses(FrontEndRing ring) {
        final boolean logged = ring.usedLogAddress() != -1;
        message.begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                .addresses(
                        ring.index(),
                        logged ? VHOST_VRING_F_LOG : 0,
                        ring.descriptorAddress(),
                        ring.usedAddress(),
                        ring.availableAddress(),
                        logged ? ring.usedLogAddress() : 0);
        request(message, -1);
    }

    /// Hand over an event descriptor by SET_VRING_KICK, _CALL or _ERR.
    ///
    /// @param fd stays the caller's; -1 to say that there is none
    public void eventFd(int request, int index, int fd) {
        final long flags = fd < 0 ? VRING_NOFD_MASK : 0;
        request(message.begin(request, VERSION, U64_SIZE).u64(index | flags), fd);
    }

    /// Enable or disable a ring.
    public void enableRing(int index, boolean enabled) {
        request(message.begin(SET_VRING_ENABLE, VERSION, VRING_STATE_SIZE).state(index, enabled ? 1 : 0), -1);
    }

    /// Stop a ring, once its requests in flight are done.
    ///
    /// @return its base, for the next start
    public int stopRing(int index) {
        message.begin(GET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(index, 0);
        ask(GET_VRING_BASE);
        if (message.size() != VRING_STATE_SIZE || message.index() != index) {
            throw new VhostUserException("GET_VRING_BASE: reply of " + message.size() + " bytes for queue "
                    + message.index() + ", want queue " + index);
        }
        return message.num();
    }

    /// Hand over the dirty log of a migration.
    public void logBase(long size, long offset, int fd) {
        message.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(size, offset);
        transport.send(message.bytes(), new int[] {fd});
        receiveReply(SET_LOG_BASE);
    }

    /// Return the device to where it was before any driver.
    public void reset() {
        request(message.begin(RESET_DEVICE, VERSION, 0), -1);
    }

    /// Wait until the back end has seen all that was sent.
    public void barrier() {
        askU64(GET_FEATURES);
    }

    private long askU64(int request) {
        message.begin(request, VERSION, 0);
        ask(request);
        if (message.size() != U64_SIZE) {
            throw new VhostUserException(name(request) + ": reply of " + message.size() + " bytes, want " + U64_SIZE);
        }
        return message.u64();
    }

    private void ask(int request) {
        transport.send(message.bytes(), NO_FDS);
        receiveReply(request);
    }

    private void request(VhostUserMessage built, int fd) {
        request(built, fd < 0 ? NO_FDS : new int[] {fd});
    }

    private void request(VhostUserMessage built, int[] fds) {
        final int request = built.request();
        if (!agreed(PROTOCOL_F_REPLY_ACK)) {
            tell(built, fds);
            return;
        }
        built.flags(VERSION | NEED_REPLY_MASK);
        tell(built, fds);
        receiveReply(request);
        if (message.size() != U64_SIZE || message.u64() != 0) {
            throw new VhostUserException(name(request) + ": refused by the back end");
        }
    }

    private void tell(VhostUserMessage built, int[] fds) {
        transport.send(built.bytes(), fds);
    }

    private void receiveReply(int request) {
        receivedCount = transport.receive(message.buffer().asSlice(0, HEADER_SIZE), received);
        final String violation = message.replyViolation(request);
        if (violation != null) {
            throw new VhostUserException(violation);
        }
        if (message.size() > 0) {
            receivedCount += transport.receive(message.buffer().asSlice(HEADER_SIZE, message.size()), NO_FDS);
        }
    }
}
