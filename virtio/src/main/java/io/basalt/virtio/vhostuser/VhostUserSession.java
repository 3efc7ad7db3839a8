package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import io.basalt.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One connection of a front end, from its first byte to the release of all it handed over: the back end's
/// side of vhost-user.
///
/// The owner reads the socket as the session asks: while [#bytesWanted()] is positive, at most that many
/// bytes into [#input()], then [#received]. One message is handled at a time. One that concerns a running
/// ring waits until the ring's owner acknowledges; meanwhile nothing is wanted and further messages stay in
/// the socket.
///
/// *Answers.* A request with a reply of its own gets that, once, whatever its flags. Any other is
/// acknowledged, with 0 or 1, if the front end asks and REPLY_ACK was agreed on. A refused request changes
/// nothing. If a refusal cannot be told and the two sides would from then on disagree about features or
/// memory, the session closes; a ring that cannot start without the front end learning it raises its error
/// signal.
///
/// *Ownership.* Every descriptor belongs to the session from [#received] on and is closed exactly once; so
/// is every mapping undone. What a running ring may use goes only after the ring has acknowledged that it
/// does without.
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
    private final ConfigRequests configRequests;

    private SessionState state = SessionState.OPEN;
    private boolean inDispatch;
    private boolean unanswered;
    private int request;
    private boolean needsReply;

    private long protocolFeatures;
    private long status;
    /// Who waits for the session to be suspended, and for its rings to run again.
    private @Nullable Runnable suspendWaits;
    private @Nullable Consumer<@Nullable String> resumeWaits;
    /// A suspended session's rings are being parked or started.
    private boolean ringsMove;
    private boolean surrendering;

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
        this.configRequests = new ConfigRequests(answers, assembler, device, connection, rings);
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

    /// Whether the session is open and not a byte of a message is under way: [#image()] tells all then.
    public boolean between() {
        return state == SessionState.OPEN && assembler.empty();
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

    /// The device's configuration space has changed, as by a resize: the front end is told as soon as it
    /// can take it.
    public void configChanged() {
        configRequests.changed();
        announceConfig();
    }

    /// A front end reads the configuration on the main socket, and must not be waiting for another reply
    /// there.
    private void announceConfig() {
        final boolean ready = !agreed(PROTOCOL_F_STATUS) || (status & STATUS_DRIVER_OK) != 0;
        configRequests.announce(ready, state == SessionState.OPEN && assembler.empty());
    }

    /// End the session: hang-up, shutdown, or a broken rule. All queues are stopped, then everything is
    /// released and [FrontEndConnection#closed()] called, perhaps before this returns. Once is enough; more
    /// do nothing.
    public void close(String reason) {
        if (state == SessionState.CLOSING || state == SessionState.CLOSED) {
            return;
        }
        become(SessionState.CLOSING);
        connection.closing(reason);
        suspendWaits = null;
        resumeWaits = null;
        if (!inDispatch && !unanswered && !ringsMove) {
            release();
        }
    }

    private void become(SessionState next) {
        assert state.mayBecome(next) : state + " to " + next;
        state = next;
    }

    private void release() {
        assembler.closeFds(fds);
        rings.unpark();
        rings.stopAll(() -> {
            rings.release();
            memoryRequests.release();
            configRequests.release();
            become(SessionState.CLOSED);
            if (surrendering) {
                connection.surrendered();
            } else {
                connection.closed();
            }
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
            case SET_BACKEND_REQ_FD -> configRequests.setBackendReqFd();
            case GET_CONFIG -> configRequests.getConfig();
            case SET_CONFIG -> configRequests.setConfig();
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
        suspendIfWanted();
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

    // ---- the way to another process

    /// Have the session go on elsewhere: from the next boundary between two messages on nothing is read,
    /// and every ring that runs finishes what is in flight and is let go of.
    ///
    /// @param suspended run when all that is so; never if the session closes or [#resume] is called before
    public void suspend(Runnable suspended) {
        suspendWaits = suspended;
        suspendIfWanted();
    }

    private void suspendIfWanted() {
        if (suspendWaits == null || state != SessionState.OPEN || inDispatch || !assembler.empty()) {
            return;
        }
        become(SessionState.SUSPENDED);
        ringsMove = true;
        rings.parkAll(() -> {
            ringsMove = false;
            final Consumer<@Nullable String> resumed = resumeWaits;
            resumeWaits = null;
            if (state == SessionState.CLOSING) {
                release();
            } else if (resumed != null) {
                startParked(resumed);
            } else if (suspendWaits != null) {
                final Runnable waits = suspendWaits;
                suspendWaits = null;
                waits.run();
            }
        });
    }

    /// Run the rings of a suspended session again, or take back the wish to suspend it. Nothing is read
    /// before [#open()].
    ///
    /// @param resumed told when the rings run, with null or with why one of them does not: that one has
    ///     raised its error signal. Not told if the session closes before
    public void resume(Consumer<@Nullable String> resumed) {
        if (state != SessionState.SUSPENDED) {
            suspendWaits = null;
            resumed.accept(null);
        } else if (ringsMove) {
            suspendWaits = null;
            resumeWaits = resumed;
        } else {
            startParked(resumed);
        }
    }

    private void startParked(Consumer<@Nullable String> resumed) {
        ringsMove = true;
        rings.startParked(refusal -> {
            ringsMove = false;
            if (state == SessionState.CLOSING) {
                release();
            } else {
                resumed.accept(refusal);
            }
        });
    }

    /// Read again from the front end of a suspended session.
    public void open() {
        if (state == SessionState.SUSPENDED) {
            become(SessionState.OPEN);
            connection.inputWanted();
            announceConfig();
            suspendIfWanted();
        }
    }

    /// Guest memory as the front end has handed it over.
    public GuestMemory memory() {
        return rings.memory;
    }

    /// All that the session knows. The bases of rings that run are those they started with.
    public SessionImage image() {
        return new SessionImage(
                rings.features,
                protocolFeatures,
                (int) status,
                configRequests.read,
                configRequests.pending,
                configRequests.serving,
                configRequests.backendFd,
                memoryRequests.regionImages(),
                memoryRequests.inflightImage(),
                memoryRequests.logImage(),
                rings.images());
    }

    /// Where a parked ring of a restored session goes on, if that is not where its image says.
    public void base(int index, int base) throws RefusedException {
        rings.requireBase(base);
        rings.ring(index).base = base;
    }

    /// End a suspended session whose front end is served by another process from now on: as [#close], but
    /// the front end sees nothing of it, and [FrontEndConnection#surrendered()] is the last call.
    public void surrender() {
        if (state == SessionState.SUSPENDED) {
            surrendering = true;
            become(SessionState.CLOSING);
            if (!ringsMove) {
                release();
            }
        }
    }

    /// A session that another process has suspended: [#resume] runs its rings, [#open()] reads on.
    ///
    /// @param image its descriptors are the session's from now on, also if it is refused
    /// @throws RefusedException if no session of this device can have come to it; nothing is left then
    public static VhostUserSession restore(
            SessionImage image, VhostUserDevice device, FrontEndConnection connection, MemoryMapper mapper, FdOwner fds)
            throws RefusedException {
        final VhostUserSession session = new VhostUserSession(device, connection, mapper, fds);
        session.become(SessionState.SUSPENDED);
        try {
            session.restore(image);
            return session;
        } catch (RefusedException refused) {
            session.rings.unpark();
            session.rings.release();
            session.memoryRequests.release();
            session.configRequests.release();
            throw refused;
        }
    }

    private void restore(SessionImage image) throws RefusedException {
        rings.features = image.features();
        protocolFeatures = image.protocolFeatures();
        status = image.status();
        configRequests.restore(image);
        RefusedException refusal = null;
        try {
            memoryRequests.restore(image);
        } catch (RefusedException refused) {
            refusal = refused;
        }
        // After a refusal too, so that every descriptor has an owner.
        final RefusedException ofRings = rings.restore(image.rings());
        if ((image.features() & ~offeredFeatures()) != 0
                || (image.protocolFeatures() & ~PROTOCOL_FEATURES_OFFERED) != 0) {
            throw new RefusedException("features 0x" + Long.toHexString(image.features()) + ", protocol features 0x"
                    + Long.toHexString(image.protocolFeatures()) + ": some are not offered here");
        }
        if (refusal != null || ofRings != null) {
            throw refusal == null ? ofRings : refusal;
        }
        device.negotiated(rings.features, protocolFeatures);
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
}
