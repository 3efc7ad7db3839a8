package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import io.basalt.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One connection of a front end, from its first byte to the release of all it handed over: the back end's side of
/// vhost-user.
///
/// The owner reads the socket as the session asks: while [#bytesWanted()] is positive, at most that many bytes
/// into [#input()], then [#received]. One message is handled at a time. One that concerns a running ring waits
/// until the ring's owner acknowledges; meanwhile nothing is wanted and further messages stay in the socket.
///
/// *Answers.* A request with a reply of its own gets that, once, whatever its flags. Any other is acknowledged,
/// with 0 or 1, if the front end asks and REPLY_ACK was agreed on. A refused request changes nothing. If a
/// refusal cannot be told and the two sides would from then on disagree about features or memory, the session
/// closes; a ring that cannot start without the front end learning it raises its error signal.
///
/// *Ownership.* Every descriptor belongs to the session from [#received] on and is closed exactly once; so is
/// every mapping undone. What a running ring may use goes only after the ring has acknowledged that it does
/// without.
///
/// *Concurrency.* Single owner thread; queue acknowledgements arrive on it too. Allocates; never blocks.
public final class VhostUserSession {
    /// How long a message may take from its first byte to its last, in nanoseconds.
    public static final long MESSAGE_TIME_LIMIT_NS = 10_000_000_000L;

    private final VhostUserDevice device;
    private final FrontEndConnection connection;
    private final FdOwner fds;
    private final MessageAssembler assembler = new MessageAssembler(VhostUserMessage.allocate(), MESSAGE_TIME_LIMIT_NS);
    private final VhostUserMessage message = assembler.message();
    private final VhostUserMessage reply = VhostUserMessage.allocate();
    private final RingSet rings;
    private final RingRequests ringRequests;
    private final MemoryRequests memoryRequests;

    private SessionState state = SessionState.OPEN;
    private boolean inDispatch;
    private boolean unanswered;
    private int request;
    private boolean needsReply;

    private long protocolFeatures;
    private long status;
    private int backendFd = -1;

    private boolean configRead;
    private boolean configPending;
    private boolean serving;

    private long messageCount;
    private long refusalCount;

    public VhostUserSession(VhostUserDevice device, FrontEndConnection connection, MemoryMapper mapper, FdOwner fds) {
        if (device.queueCountMax() < 1 || device.queueCountMax() > QUEUE_COUNT_MAX) {
            throw new IllegalArgumentException(
                    "queueCountMax " + device.queueCountMax() + ": want 1 to " + QUEUE_COUNT_MAX);
        }
        this.device = device;
        this.connection = connection;
        this.fds = fds;
        this.rings = new RingSet(device, fds);
        final Answers answers = new SessionAnswers();
        this.ringRequests = new RingRequests(answers, assembler, fds, rings);
        this.memoryRequests = new MemoryRequests(answers, assembler, device, mapper, rings);
    }

    public SessionState state() {
        return state;
    }

    /// Virtio features agreed on, with the protocol's own.
    public long features() {
        return rings.features;
    }

    public long protocolFeatures() {
        return protocolFeatures;
    }

    public RingState ringState(int index) {
        return rings.all()[index].state();
    }

    /// Whether a ring is enabled, running or not.
    public boolean ringEnabled(int index) {
        return rings.all()[index].enabled;
    }

    /// Messages handled.
    public long messageCount() {
        return messageCount;
    }

    /// Messages refused.
    public long refusalCount() {
        return refusalCount;
    }

    /// Bytes to read next, at most; 0 when none are to be read.
    public int bytesWanted() {
        return state == SessionState.OPEN ? assembler.bytesWanted() : 0;
    }

    /// Where to read them to: native memory, [#bytesWanted()] long.
    public MemorySegment input() {
        return assembler.input();
    }

    /// Take note of bytes written to [#input()].
    ///
    /// @param count bytes, 1 to [#bytesWanted()]
    /// @param newFds descriptors that came with them; they are the session's from now on
    /// @param nowNs the owner's monotonic clock
    public void received(int count, int[] newFds, int newFdCount, long nowNs) {
        assert state == SessionState.OPEN : state;
        final String violation = assembler.accept(count, newFds, newFdCount, nowNs);
        if (violation != null) {
            close(violation);
        } else if (assembler.complete()) {
            dispatch();
        }
    }

    /// When [#expire] is due, on the owner's clock, or [MessageAssembler#NO_DEADLINE].
    public long deadlineNs() {
        return state == SessionState.OPEN ? assembler.deadlineNs() : MessageAssembler.NO_DEADLINE;
    }

    /// Close if a message is taking too long.
    public void expire(long nowNs) {
        final long deadline = deadlineNs();
        if (deadline != MessageAssembler.NO_DEADLINE && nowNs - deadline >= 0) {
            close("a message was not complete within " + MESSAGE_TIME_LIMIT_NS / 1_000_000 + " ms");
        }
    }

    /// The device's configuration space has changed, as by a resize: the front end is told as soon as it can
    /// take it.
    public void configChanged() {
        configPending = true;
        announceConfig();
    }

    /// End the session: hang-up, shutdown, or a broken rule. All queues are stopped, then everything is
    /// released and [FrontEndConnection#closed()] called, perhaps before this returns. Once is enough; more do
    /// nothing.
    public void close(String reason) {
        if (state == SessionState.CLOSING || state == SessionState.CLOSED) {
            return;
        }
        become(SessionState.CLOSING);
        connection.closing(reason);
        if (!inDispatch && !unanswered) {
            release();
        }
    }

    private void become(SessionState next) {
        assert state.mayBecome(next) : state + " to " + next;
        state = next;
    }

    private void release() {
        assembler.closeFds(fds);
        rings.stopAll(() -> {
            rings.release();
            memoryRequests.release();
            backendFd = rings.replace(backendFd, -1);
            become(SessionState.CLOSED);
            connection.closed();
        });
    }

    // ---- one message, from its arrival to its answer

    private void dispatch() {
        request = message.request();
        needsReply = message.needsReply();
        unanswered = true;
        inDispatch = true;
        messageCount++;
        try {
            handle();
        } catch (RefusedException refused) {
            refuse(refused.reason());
        }
        inDispatch = false;
        assembler.closeFds(fds);
        if (!unanswered) {
            completed();
        } else if (state == SessionState.OPEN) {
            become(SessionState.WAITING);
        }
    }

    private void handle() throws RefusedException {
        switch (request) {
            case GET_FEATURES -> replyU64(offeredFeatures());
            case SET_FEATURES -> setFeatures(message.u64());
            case SET_OWNER, RESET_OWNER, SET_LOG_FD -> settle(null);
            case SET_MEM_TABLE -> memoryRequests.setMemTable();
            case SET_LOG_BASE -> memoryRequests.setLogBase();
            case SET_VRING_NUM -> ringRequests.setVringNum();
            case SET_VRING_ADDR -> ringRequests.setVringAddr();
            case SET_VRING_BASE -> ringRequests.setVringBase();
            case GET_VRING_BASE -> ringRequests.getVringBase();
            case SET_VRING_KICK -> ringRequests.setVringKick();
            case SET_VRING_CALL -> ringRequests.setVringCall();
            case SET_VRING_ERR -> ringRequests.setVringErr();
            case GET_PROTOCOL_FEATURES -> replyU64(PROTOCOL_FEATURES_OFFERED);
            case SET_PROTOCOL_FEATURES -> setProtocolFeatures(message.u64());
            case GET_QUEUE_NUM -> replyU64(device.queueCountMax());
            case SET_VRING_ENABLE -> ringRequests.setVringEnable();
            case SET_BACKEND_REQ_FD -> setBackendReqFd();
            case GET_CONFIG -> getConfig();
            case SET_CONFIG -> setConfig();
            case GET_INFLIGHT_FD -> memoryRequests.getInflightFd();
            case SET_INFLIGHT_FD -> memoryRequests.setInflightFd();
            case RESET_DEVICE -> resetDevice();
            case GET_MAX_MEM_SLOTS -> replyU64(GuestMemory.REGION_COUNT_MAX);
            case ADD_MEM_REG -> memoryRequests.addMemReg();
            case REM_MEM_REG -> memoryRequests.remMemReg();
            case SET_STATUS -> setStatus(message.u64());
            case GET_STATUS -> replyU64(status);
            default -> refuse("not known here");
        }
    }

    private boolean agreed(long protocolFeature) {
        return (protocolFeatures & protocolFeature) != 0;
    }

    private boolean acknowledges() {
        return needsReply && agreed(PROTOCOL_F_REPLY_ACK);
    }

    /// Answer a request that has no reply of its own.
    private void settle(@Nullable String refusal) {
        if (refusal != null) {
            refuse(refusal);
            return;
        }
        if (acknowledges()) {
            send(reply.begin(request, REPLY_FLAGS, U64_SIZE).u64(0), -1);
        }
        finish();
    }

    private void refuse(String reason) {
        noteRefusal(reason);
        if (acknowledges() && request != GET_VRING_BASE) {
            send(reply.begin(request, REPLY_FLAGS, U64_SIZE).u64(1), -1);
        } else if (isVital(request)) {
            close(name(request) + " refused: " + reason);
        }
        finish();
    }

    private void noteRefusal(String reason) {
        refusalCount++;
        device.noted(name(request) + " refused: " + reason);
    }

    /// Whether a front end that does not know of the refusal would be led to lose data.
    private static boolean isVital(int request) {
        return switch (request) {
            case SET_FEATURES,
                    SET_PROTOCOL_FEATURES,
                    SET_MEM_TABLE,
                    ADD_MEM_REG,
                    REM_MEM_REG,
                    SET_LOG_BASE,
                    SET_INFLIGHT_FD,
                    // Its reply is a base and cannot say no.
                    GET_VRING_BASE -> true;
            default -> false;
        };
    }

    private void replyU64(long value) {
        send(reply.begin(request, REPLY_FLAGS, U64_SIZE).u64(value), -1);
        finish();
    }

    private void send(VhostUserMessage answer, int fd) {
        if (state != SessionState.CLOSING && !connection.send(answer.bytes(), fd)) {
            close("the front end does not take its replies");
        }
    }

    private void finish() {
        assert unanswered : "answered twice";
        unanswered = false;
        if (!inDispatch) {
            completed();
        }
    }

    private void completed() {
        if (state == SessionState.CLOSING) {
            release();
            return;
        }
        assembler.next();
        if (state == SessionState.WAITING) {
            become(SessionState.OPEN);
            connection.inputWanted();
        }
        announceConfig();
    }

    private void requireAgreed(long protocolFeature, String name) throws RefusedException {
        if (!agreed(protocolFeature)) {
            throw new RefusedException("protocol feature " + name + " was not agreed on");
        }
    }

    /// What the handlers see of the session.
    private final class SessionAnswers implements Answers {
        @Override
        public void settle(@Nullable String refusal) {
            VhostUserSession.this.settle(refusal);
        }

        @Override
        public void replyU64(long value) {
            VhostUserSession.this.replyU64(value);
        }

        @Override
        public VhostUserMessage begin(int size) {
            return reply.begin(request, REPLY_FLAGS, size);
        }

        @Override
        public void reply(int fd) {
            send(reply, fd);
            finish();
        }

        @Override
        public void noteRefusal(String reason) {
            VhostUserSession.this.noteRefusal(reason);
        }

        @Override
        public void requireAgreed(long protocolFeature, String name) throws RefusedException {
            VhostUserSession.this.requireAgreed(protocolFeature, name);
        }

        @Override
        public boolean closing() {
            return state == SessionState.CLOSING;
        }
    }

    // ---- features, status, reset

    private long offeredFeatures() {
        return device.features() | VHOST_F_LOG_ALL | VHOST_USER_F_PROTOCOL_FEATURES;
    }

    private void setFeatures(long wanted) throws RefusedException {
        final long changed = wanted ^ rings.features;
        if ((wanted & ~offeredFeatures()) != 0) {
            throw new RefusedException("bits 0x" + Long.toHexString(wanted & ~offeredFeatures()) + " are not offered");
        }
        final boolean running = rings.anyStarted();
        if (running && (changed & ~VHOST_F_LOG_ALL) != 0) {
            throw new RefusedException("bits 0x" + Long.toHexString(changed) + " may not change while a ring runs");
        }
        rings.features = wanted;
        device.negotiated(wanted, protocolFeatures);
        if ((wanted & VHOST_USER_F_PROTOCOL_FEATURES) == 0) {
            // A front end that does not know SET_VRING_ENABLE has all its rings enabled.
            for (final Ring ring : rings.all()) {
                ring.enabled = true;
            }
        }
        final boolean logging = (wanted & VHOST_F_LOG_ALL) != 0;
        if (!logging) {
            rings.log = null;
        }
        rings.changeStarted(refusal -> {
            if (!logging) {
                memoryRequests.dropLog();
            }
            settle(refusal);
        });
    }

    private void setProtocolFeatures(long wanted) throws RefusedException {
        if ((wanted & ~PROTOCOL_FEATURES_OFFERED) != 0) {
            throw new RefusedException(
                    "bits 0x" + Long.toHexString(wanted & ~PROTOCOL_FEATURES_OFFERED) + " are not offered");
        }
        if (wanted != protocolFeatures && rings.anyStarted()) {
            throw new RefusedException("may not change while a ring runs");
        }
        protocolFeatures = wanted;
        device.negotiated(rings.features, wanted);
        settle(null);
    }

    private void setStatus(long wanted) throws RefusedException {
        if (wanted < 0 || wanted > 0xff) {
            throw new RefusedException("0x" + Long.toHexString(wanted) + " is not a device status of 8 bits");
        }
        status = wanted;
        if (wanted == 0) {
            // A reset: the driver counts on its buffers again. GET_VRING_BASE may still come and finds the base.
            rings.stopAll(() -> settle(null));
        } else {
            settle(null);
        }
    }

    private void resetDevice() {
        rings.stopAll(() -> {
            for (final Ring ring : rings.all()) {
                ring.reset();
            }
            status = 0;
            settle(null);
        });
    }

    // ---- configuration space, requests to the front end

    private void getConfig() {
        final int offset = message.configOffset();
        final int size = message.configSize();
        if (!isConfigRange(offset, size)) {
            noteRefusal("offset " + Integer.toUnsignedString(offset) + ", size " + Integer.toUnsignedString(size)
                    + " in " + message.size() + " bytes");
            // An empty payload is this reply's way to say no.
            send(reply.begin(request, REPLY_FLAGS, 0), -1);
            finish();
            return;
        }
        reply.begin(request, REPLY_FLAGS, CONFIG_HEADER_SIZE + size).config(offset, size, message.configFlags());
        device.readConfig(offset, reply.configBytes(size));
        configRead = true;
        send(reply, -1);
        finish();
    }

    private boolean isConfigRange(int offset, int size) {
        return message.size() >= CONFIG_HEADER_SIZE
                && offset >= 0
                && offset <= CONFIG_SIZE_MAX
                && size >= 1
                && size <= CONFIG_SIZE_MAX - offset
                && message.size() == CONFIG_HEADER_SIZE + size;
    }

    private void setConfig() throws RefusedException {
        final int offset = message.configOffset();
        final int size = message.configSize();
        if (!isConfigRange(offset, size)) {
            throw new RefusedException("offset " + Integer.toUnsignedString(offset) + ", size "
                    + Integer.toUnsignedString(size) + " in " + message.size() + " bytes");
        }
        final int flags = message.configFlags();
        if (flags < 0 || flags > SET_CONFIG_TYPE_MIGRATION) {
            throw new RefusedException("flags 0x" + Integer.toHexString(flags) + ": want 0 or 1");
        }
        device.writeConfig(offset, message.configBytes(size), flags == SET_CONFIG_TYPE_MIGRATION);
        settle(null);
    }

    private void setBackendReqFd() throws RefusedException {
        requireAgreed(PROTOCOL_F_BACKEND_REQ, "BACKEND_REQ");
        assembler.requireFds(1);
        backendFd = rings.replace(backendFd, assembler.takeFd(0));
        settle(null);
    }

    /// Tell the front end of a changed configuration, if there is something to tell and it can take it.
    ///
    /// A front end that reconnects does not read the configuration again, so one whose rings start without its
    /// having read it in this session is told too. Told only while it serves its guest and between messages: a
    /// front end reads the configuration on the main socket, and must not be waiting for another reply there.
    private void announceConfig() {
        final boolean serves = rings.anyServing() && (!agreed(PROTOCOL_F_STATUS) || (status & STATUS_DRIVER_OK) != 0);
        if (serves && !serving && !configRead) {
            configPending = true;
        }
        serving = serves;
        if (configPending && serves && backendFd >= 0 && state == SessionState.OPEN && assembler.empty()) {
            reply.begin(BACKEND_CONFIG_CHANGE_MSG, VERSION, 0);
            configPending = !connection.sendRequest(backendFd, reply.bytes());
        }
    }
}
