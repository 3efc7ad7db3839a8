package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

/// The requests about the configuration space, and the news of its changes that go to the front end.
final class ConfigRequests {
    private final Answers answers;
    private final MessageAssembler assembler;
    private final VhostUserMessage message;
    private final VhostUserMessage news = VhostUserMessage.allocate();
    private final VhostUserDevice device;
    private final FrontEndConnection connection;
    private final RingSet rings;

    int backendFd = -1;
    boolean read;
    boolean pending;
    boolean serving;

    ConfigRequests(
            Answers answers,
            MessageAssembler assembler,
            VhostUserDevice device,
            FrontEndConnection connection,
            RingSet rings) {
        this.answers = answers;
        this.assembler = assembler;
        this.message = assembler.message();
        this.device = device;
        this.connection = connection;
        this.rings = rings;
    }

    void getConfig() {
        final int offset = message.configOffset();
        final int size = message.configSize();
        if (!isConfigRange(offset, size)) {
            answers.noteRefusal("offset " + Integer.toUnsignedString(offset) + ", size "
                    + Integer.toUnsignedString(size) + " in " + message.size() + " bytes");
            // An empty payload is this reply's way to say no.
            answers.begin(0);
            answers.reply(-1);
            return;
        }
        final VhostUserMessage reply = answers.begin(CONFIG_HEADER_SIZE + size);
        reply.config(offset, size, message.configFlags());
        device.readConfig(offset, reply.configBytes(size));
        read = true;
        answers.reply(-1);
    }

    private boolean isConfigRange(int offset, int size) {
        return message.size() >= CONFIG_HEADER_SIZE
                && offset >= 0
                && offset <= CONFIG_SIZE_MAX
                && size >= 1
                && size <= CONFIG_SIZE_MAX - offset
                && message.size() == CONFIG_HEADER_SIZE + size;
    }

    void setConfig() throws RefusedException {
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
        answers.settle(null);
    }

    void setBackendReqFd() throws RefusedException {
        answers.requireAgreed(PROTOCOL_F_BACKEND_REQ, "BACKEND_REQ");
        assembler.requireFds(1);
        backendFd = rings.replace(backendFd, assembler.takeFd(0));
        answers.settle(null);
    }

    /// The configuration space has changed.
    void changed() {
        pending = true;
    }

    /// Tell the front end of a changed configuration, if there is something to tell and it can take
    /// it.
    ///
    /// A front end that reconnects does not read the configuration again, so one whose rings start
    /// without its having read it in this session is told too. Told only while it serves its guest
    /// and between messages.
    ///
    /// @param driverReady whether the driver is known to be ready, or nobody would say so
    /// @param between whether no message is under way
    void announce(boolean driverReady, boolean between) {
        final boolean serves = rings.anyServing() && driverReady;
        if (serves && !serving && !read) {
            pending = true;
        }
        serving = serves;
        if (pending && serves && backendFd >= 0 && between) {
            news.begin(BACKEND_CONFIG_CHANGE_MSG, VERSION, 0);
            pending = !connection.sendRequest(backendFd, news.bytes());
        }
    }

    void restore(SessionImage image) {
        read = image.configRead();
        pending = image.configPending();
        serving = image.serving();
        backendFd = image.backendFd();
    }

    /// Close what the front end handed over.
    void release() {
        backendFd = rings.replace(backendFd, -1);
    }
}
