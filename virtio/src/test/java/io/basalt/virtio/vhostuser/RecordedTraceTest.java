package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Conversations recorded with QEMU 7.2, replayed: every message byte for byte as the record tells it, with
/// descriptors, in its order; checked are the answers, their order, what the device was told and what is left.
class RecordedTraceTest {
    private static final Pattern LINE =
            Pattern.compile("\\s*[0-9.]+ ([A-Z_]+)\\s+flags=0x([0-9a-f]+) size=(\\d+) fds=(\\d+)\\s?(.*)");
    private static final Map<String, Integer> REQUESTS = requests();

    private FakeSystem system = new FakeSystem();
    private SessionRig rig = new SessionRig(system);
    private int messageCount;
    private FakeSystem.FakeFile inflight = new FakeSystem.FakeFile(FakeSystem.Kind.MEMORY, 7, 4224);

    private static Map<String, Integer> requests() {
        final Map<String, Integer> byName = new HashMap<>();
        IntStream.rangeClosed(1, 45).forEach(request -> byName.put(name(request), request));
        return byName;
    }

    /// The record's sessions, each a list of lines.
    private static List<List<String>> sessions(String trace) throws IOException {
        final List<List<String>> sessions = new ArrayList<>();
        sessions.add(new ArrayList<>());
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(RecordedTraceTest.class.getResourceAsStream("/vhost-traces/" + trace)),
                StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("===")) {
                    sessions.add(new ArrayList<>());
                } else {
                    sessions.getLast().add(line);
                }
            }
        }
        return sessions;
    }

    /// Replay a session to its end and hang up.
    ///
    /// @return what the device was told
    private List<String> replay(List<String> lines) {
        system = new FakeSystem();
        rig = new SessionRig(system);
        messageCount = 0;
        for (final String line : lines) {
            final Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                replay(
                        Objects.requireNonNull(REQUESTS.get(matcher.group(1)), line),
                        Integer.parseInt(matcher.group(2), 16),
                        Integer.parseInt(matcher.group(3)),
                        Integer.parseInt(matcher.group(4)),
                        matcher.group(5));
            } else if (line.contains("head=")) {
                rig.device.served[0]++;
            }
        }
        assertThat(rig.session.messageCount()).isEqualTo(messageCount);
        assertThat(rig.device.notes).isEmpty();
        assertThat(rig.session.state()).isEqualTo(SessionState.OPEN);
        final List<String> told = List.copyOf(rig.device.told);
        rig.hangUp();
        return told;
    }

    private void replay(int request, int flags, int size, int fdCount, String text) {
        fill(rig.begin(request, flags, size), text);
        rig.tell(rig.out, fds(request, fdCount));
        messageCount++;
        final int replySize = replySize(request, flags, size);
        if (replySize < 0) {
            rig.assertSilent();
            return;
        }
        final SessionRig.Sent answer = rig.reply(request, replySize);
        switch (request) {
            case GET_FEATURES ->
                assertThat(answer.message().u64())
                        .isEqualTo(FakeDevice.FEATURES | VHOST_F_LOG_ALL | VHOST_USER_F_PROTOCOL_FEATURES);
            case GET_PROTOCOL_FEATURES -> assertThat(answer.message().u64()).isEqualTo(0x1b22bL);
            case GET_QUEUE_NUM -> assertThat(answer.message().u64()).isEqualTo(FakeDevice.QUEUE_COUNT);
            case GET_MAX_MEM_SLOTS -> assertThat(answer.message().u64()).isEqualTo(512);
            case GET_CONFIG -> {
                assertThat(answer.message().configSize()).isEqualTo(57);
                assertThat(answer.message().configBytes(57).get(java.lang.foreign.ValueLayout.JAVA_BYTE, 56))
                        .isEqualTo((byte) 57);
            }
            case GET_INFLIGHT_FD -> {
                assertThat(answer.message().mapSize()).isEqualTo(4224);
                assertThat(answer.message().inflightQueueCount()).isEqualTo(2);
                inflight = Objects.requireNonNull(answer.file());
            }
            case GET_VRING_BASE -> {
                assertThat(answer.message().index()).isZero();
                assertThat(answer.message().num()).isEqualTo(Integer.parseInt(text.substring(text.indexOf("-> ") + 3)));
            }
            case GET_STATUS -> {}
            default -> assertThat(answer.message().u64()).as(name(request)).isZero();
        }
    }

    /// Bytes of the reply the front end waits for, or -1.
    private static int replySize(int request, int flags, int size) {
        return switch (request) {
            case GET_FEATURES, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, GET_MAX_MEM_SLOTS, GET_STATUS, SET_LOG_BASE ->
                U64_SIZE;
            case GET_CONFIG, GET_INFLIGHT_FD, GET_VRING_BASE -> size;
            default -> (flags & NEED_REPLY_MASK) == 0 ? -1 : U64_SIZE;
        };
    }

    private int[] fds(int request, int count) {
        final int[] fds = new int[count];
        for (int i = 0; i < count; i++) {
            fds[i] = switch (request) {
                case SET_VRING_CALL, SET_VRING_KICK, SET_VRING_ERR -> system.event();
                case SET_BACKEND_REQ_FD -> system.open(FakeSystem.Kind.SOCKET);
                case SET_INFLIGHT_FD -> system.open(inflight);
                default -> system.open(FakeSystem.Kind.MEMORY);
            };
        }
        return fds;
    }

    private static long number(String text, String key) {
        final Matcher matcher =
                Pattern.compile("(?:^|[ \\[])" + key + "[= ](0x)?([0-9a-f]+)").matcher(text);
        assertThat(matcher.find()).as(key + " in " + text).isTrue();
        return Long.parseLong(matcher.group(2), matcher.group(1) == null ? 10 : 16);
    }

    private static int queue(String text) {
        return Integer.parseInt(text.substring(1, 2));
    }

    private static RegionDescription region(String text) {
        return new RegionDescription(
                number(text, "gpa"), number(text, "size"), number(text, "uva"), number(text, "off"));
    }

    private static void fill(VhostUserMessage message, String text) {
        switch (message.request()) {
            case SET_FEATURES, SET_PROTOCOL_FEATURES, SET_STATUS ->
                message.u64(Long.parseLong(text.substring(2).trim(), 16));
            case SET_VRING_CALL, SET_VRING_KICK, SET_VRING_ERR -> message.u64(queue(text) | number(text, "nofd") << 8);
            case SET_VRING_NUM -> message.state(queue(text), (int) number(text, "num"));
            case SET_VRING_BASE -> message.state(queue(text), (int) number(text, "base"));
            case SET_VRING_ENABLE -> message.state(queue(text), (int) number(text, "enable"));
            case GET_VRING_BASE -> message.state(queue(text), 0);
            case SET_VRING_ADDR ->
                message.addresses(
                        queue(text),
                        (int) number(text, "flags"),
                        number(text, "desc"),
                        number(text, "used"),
                        number(text, "avail"),
                        number(text, "log"));
            case GET_CONFIG ->
                message.config((int) number(text, "off"), (int) number(text, "size"), (int) number(text, "flags"));
            case GET_INFLIGHT_FD, SET_INFLIGHT_FD ->
                message.map(number(text, "mmap_size"), number(text, "off"))
                        .inflightQueues((int) number(text, "nq"), (int) number(text, "qsize"));
            case SET_LOG_BASE -> message.map(number(text, "size"), number(text, "off"));
            case SET_MEM_TABLE -> message.regionCount(1).region(0, region(text));
            case ADD_MEM_REG -> message.region(0, region(text));
            default -> assertThat(message.size()).isZero();
        }
    }

    private static List<String> start(String negotiated) {
        return List.of(negotiated, negotiated, "start 0 disabled inflight", "change 0 enabled inflight");
    }

    private static List<String> stop() {
        return List.of("change 0 disabled inflight", "stop 0");
    }

    @SafeVarargs
    private static List<String> told(String first, List<String>... parts) {
        final List<String> all = new ArrayList<>();
        all.add(first);
        for (final List<String> part : parts) {
            all.addAll(part);
        }
        return all;
    }

    private static final String AGREED = "negotiated 0x0 0x322b";
    private static final List<String> START = start("negotiated 0x140000046 0x322b");

    @Test
    void bootsAndResets() throws IOException {
        assertThat(replay(sessions("blk-boot-reset.log").getFirst()))
                .isEqualTo(told(AGREED, START, stop(), START, stop()));
    }

    private void replaysCrashAndReconnect(String trace) throws IOException {
        final List<List<String>> sessions = sessions(trace);
        assertThat(sessions).hasSize(2);
        assertThat(replay(sessions.getFirst())).isEqualTo(told(AGREED, START));
        assertThat(rig.requests).isEmpty();
        assertThat(replay(sessions.getLast())).isEqualTo(told(AGREED, START, stop()));
        assertThat(rig.requests)
                .as("the configuration was not read again, so its change is announced")
                .containsExactly(BACKEND_CONFIG_CHANGE_MSG);
    }

    @Test
    void reconnectsAfterCrashWithQemuAsClient() throws IOException {
        replaysCrashAndReconnect("blk-crash-reconnect-qemuclient.log");
    }

    @Test
    void reconnectsAfterCrashWithQemuAsServer() throws IOException {
        replaysCrashAndReconnect("blk-crash-reconnect-qemuserver.log");
    }

    @Test
    void startsWithKickThatIsAlreadyReadable() throws IOException {
        replaysCrashAndReconnect("blk-kickfd-state.log");
    }

    @Test
    void takesMemorySlotsAndStatus() throws IOException {
        final List<List<String>> sessions = sessions("blk-memslots-status.log");
        final String agreed = "negotiated 0x0 0x1b22b";
        final List<String> start = start("negotiated 0x140000046 0x1b22b");
        assertThat(replay(sessions.getFirst())).isEqualTo(told(agreed, start));
        assertThat(rig.requests).isEmpty();
        assertThat(replay(sessions.getLast())).isEqualTo(told(agreed, start, List.of("stop 0")));
        assertThat(rig.requests).containsExactly(BACKEND_CONFIG_CHANGE_MSG);
    }

    @Test
    void logsDirtyPagesOfRunningRing() throws IOException {
        assertThat(replay(sessions("blk-migration-dirtylog.log").getFirst()))
                .isEqualTo(told(
                        AGREED,
                        START,
                        List.of(
                                "change 0 enabled inflight",
                                "negotiated 0x144000046 0x322b",
                                "change 0 enabled logging inflight",
                                "change 0 enabled logging used inflight",
                                "change 0 disabled logging used inflight",
                                "stop 0")));
    }
}
