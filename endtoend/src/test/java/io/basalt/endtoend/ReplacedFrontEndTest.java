package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.endtoend.harness.HandGuest;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.reactor.IdleMode;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Two front ends at one socket, as when a QEMU is replaced by another on the same host. Their guests
/// have memory of their own here, so that what either asks can be told apart.
@Timeout(1200)
class ReplacedFrontEndTest {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final int MANY = 50;

    @TempDir
    private Path folder;

    private Gate gate;
    private Path rpc;
    private Path socket;

    @BeforeEach
    void serveAFile() throws IOException {
        final Path image = folder.resolve("disk.img");
        Files.write(image, new byte[1 << 20]);
        rpc = folder.resolve("rpc.sock");
        gate = Gate.start(
                new GateOptions(folder.resolve("gate"), rpc, folder.resolve("vhost"), 1, List.of(), IdleMode.ADAPTIVE),
                GateLog.install(LogLevel.ERROR));
        call("bdev_uring_create", "{'name':'disk','filename':'" + image + "','block_size':512}");
        call("vhost_create_blk_controller", "{'ctrlr':'vhost.0','dev_name':'disk'}");
        socket = folder.resolve("vhost").resolve("vhost.0");
    }

    @AfterEach
    void stop() {
        gate.close();
    }

    @Test
    void theSecondsRingsRunWhenTheFirstsHaveStoppedAndTheOtherWayRound() {
        try (HandGuest old = new HandGuest();
                HandGuest next = new HandGuest();
                HandGuest.FrontEnd first = old.connect(socket);
                HandGuest.FrontEnd second = next.connect(socket)) {
            first.start();
            second.start();
            assertThat(queueStates()).containsExactly("STARTED", "HELD");
            final int waits = next.write(7, 70);
            serves(old);
            assertThat(next.isAnswered(waits)).isFalse();

            first.stop();
            assertThat(next.await(waits)).isEqualTo(OK);
            first.start();
            final int alsoWaits = old.read(7);
            serves(next);
            assertThat(old.isAnswered(alsoWaits)).isFalse();

            // A ring that never had its turn stops where it would have started.
            first.stop();
            first.start();
            second.hangUp();
            assertThat(old.number(alsoWaits)).isEqualTo(70);
        }
    }

    @Test
    void aFrontEndThatDiesHasStoppedItsRings() {
        try (HandGuest old = new HandGuest();
                HandGuest next = new HandGuest();
                HandGuest.FrontEnd first = old.connect(socket);
                HandGuest.FrontEnd second = next.connect(socket)) {
            first.start();
            serves(old);
            second.start();
            final int waits = next.write(7, 70);
            first.hangUp();
            assertThat(next.await(waits)).isEqualTo(OK);
        }
    }

    @Test
    void whatAFrontEndAskedThatDiedBeforeItsTurnIsNeverDone() {
        try (HandGuest old = new HandGuest();
                HandGuest next = new HandGuest();
                HandGuest.FrontEnd first = old.connect(socket);
                HandGuest.FrontEnd second = next.connect(socket)) {
            first.start();
            assertThat(old.await(old.write(7, 1))).isEqualTo(OK);
            second.start();
            next.write(7, 2);
            second.hangUp();
            awaitSessions(1);
            first.stop();
            first.start();
            assertThat(old.number(old.read(7))).isEqualTo(1);
        }
    }

    @Test
    void theSecondWaitsUntilTheFirstsRequestsAreAnswered() {
        call("bdev_malloc_create", "{'name':'ram','num_blocks':2048,'block_size':512}");
        call(
                "bdev_delay_create",
                "{'name':'slow','base_bdev_name':'ram','avg_read_latency':0,'p99_read_latency':0,"
                        + "'avg_write_latency':300000,'p99_write_latency':300000}");
        call("vhost_create_blk_controller", "{'ctrlr':'slow','dev_name':'slow'}");
        final Path slow = folder.resolve("vhost").resolve("slow");
        try (HandGuest old = new HandGuest();
                HandGuest next = new HandGuest();
                HandGuest.FrontEnd first = old.connect(slow);
                HandGuest.FrontEnd second = next.connect(slow)) {
            first.start();
            second.start();
            final int write = old.write(3, 30);
            final int read = next.read(3);
            final CompletableFuture<Void> stopped = CompletableFuture.runAsync(first::stop);
            assertThat(next.number(read)).isEqualTo(30);
            assertThat(old.isAnswered(write)).isTrue();
            stopped.join();
        }
    }

    @Test
    void aThirdFrontEndIsHungUpOnUntilOneHasGone() {
        try (HandGuest guest = new HandGuest();
                HandGuest other = new HandGuest();
                HandGuest.FrontEnd first = guest.connect(socket)) {
            first.start();
            try (HandGuest.FrontEnd second = other.connect(socket)) {
                second.barrier();
                assertThatThrownBy(() -> other.connect(socket)).hasMessageMatching("(?s).*(hung up|does not take).*");
                serves(guest);
                second.barrier();
            }
            awaitSessions(1);
            try (HandGuest.FrontEnd again = other.connect(socket)) {
                again.barrier();
            }
            serves(guest);
        }
    }

    @Test
    void deletingTheControllerEndsBoth() {
        try (HandGuest old = new HandGuest();
                HandGuest next = new HandGuest();
                HandGuest.FrontEnd first = old.connect(socket);
                HandGuest.FrontEnd second = next.connect(socket)) {
            first.start();
            second.start();
            final int waits = next.write(7, 70);
            call("vhost_delete_controller", "{'ctrlr':'vhost.0'}");
            assertThat(next.isAnswered(waits)).isFalse();
            assertThat(call("vhost_get_controllers", "").size()).isZero();
            call("bdev_uring_delete", "{'name':'disk'}");
        }
    }

    private static void serves(HandGuest guest) {
        for (int i = 0; i < MANY; i++) {
            assertThat(guest.await(guest.write(100 + i % 8, i))).isEqualTo(OK);
        }
    }

    private List<String> queueStates() {
        return StreamSupport.stream(sessions().spliterator(), false)
                .map(session -> session.path("queues").path(0).path("state").stringValue(""))
                .toList();
    }

    private void awaitSessions(int count) {
        Await.until("there are " + count + " sessions", BOUND, () -> sessions().size() == count);
    }

    private JsonNode sessions() {
        return call("vhost_get_controllers", "{'name':'vhost.0'}").path(0).path("sessions");
    }

    private JsonNode call(String method, String parameters) {
        try (RpcClient client = RpcClient.connect(rpc, BOUND)) {
            return client.call(
                    method,
                    parameters.isEmpty()
                            ? null
                            : Json.parse(parameters.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
        }
    }
}
