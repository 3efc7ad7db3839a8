package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.rpc.RpcError;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Hand-overs that come to nothing: the gate that began them serves on, whatever happened.
class HandoverAbortTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final int DISK_BYTES = 16 << 20;

    @TempDir
    Path folder;

    private ReactorThread thread;
    private GateOptions options;
    private ScriptedSuccessor.Step step = ScriptedSuccessor.Step.AT_ONCE;
    private boolean cannotStart;
    private Gate gate;

    @BeforeEach
    void start() throws IOException {
        thread = ReactorThread.start(
                ReactorConfiguration.of("successor", 9).withIdleMode(IdleMode.INTERRUPT),
                ReactorThread.UNPINNED,
                () -> UringEngine.open(64),
                (_, _, _) -> {},
                ReactorThread.STOP_PROCESS);
        options = new GateOptions(
                folder, folder.resolve("rpc.sock"), folder.resolve("vhost"), 2, List.of(), IdleMode.ADAPTIVE);
        gate = Gate.start(options, GateLog.install(LogLevel.ERROR), (socket, _) -> {
            if (cannotStart) {
                throw new IOException("there is no such program");
            }
            return new ScriptedSuccessor(thread, socket, step);
        });
        for (final String disk : List.of("one", "two")) {
            final Path image = folder.resolve(disk + ".img");
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(DISK_BYTES);
            }
            call("bdev_uring_create", "{'name':'" + disk + "','filename':'" + image + "','block_size':512}");
            call("vhost_create_blk_controller", "{'ctrlr':'" + disk + "','dev_name':'" + disk + "'}");
        }
    }

    @AfterEach
    void stop() {
        gate.close();
        thread.close();
    }

    private JsonNode call(String method, String parameters) {
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), BOUND)) {
            return client.call(method, parameters.isEmpty() ? null : MAPPER.readTree(parameters.replace('\'', '"')));
        }
    }

    private CompletableFuture<BenchResult> load(String disk, boolean inflight, AtomicBoolean goesOn) {
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                4096,
                16,
                1,
                2,
                256,
                50_000_000L,
                0,
                true,
                false,
                false,
                false,
                false,
                0,
                5,
                true);
        final CompletableFuture<BenchResult> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("load").start(() -> {
            try {
                final Bench bench = new Bench(options.socketFolder().resolve(disk), workload, (_, _) -> {}, null)
                        .longerWhile(goesOn::get);
                result.complete((inflight ? bench.withInflightRegion() : bench).run());
            } catch (Throwable failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    private long requests(String disk) {
        long requests = 0;
        for (final JsonNode session :
                call("vhost_get_controllers", "{'name':'" + disk + "'}").path(0).path("sessions")) {
            for (final JsonNode queue : session.path("queues")) {
                requests += queue.path("requests").longValue();
            }
        }
        return requests;
    }

    @ParameterizedTest
    @EnumSource(ScriptedSuccessor.Step.class)
    void theGateServesOnWhenTheNewProcessDiesAtAnyStep(ScriptedSuccessor.Step where) {
        step = where;
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final CompletableFuture<BenchResult> one = load("one", true, goesOn);
        final CompletableFuture<BenchResult> two = load("two", true, goesOn);
        Await.until("the loads run", BOUND, () -> requests("one") > 100 && requests("two") > 100);

        for (int time = 0; time < 2; time++) {
            assertThatThrownBy(() -> call("gate_handover", ""))
                    .isInstanceOf(RpcError.class)
                    .hasMessageContaining("nothing was handed over");
            Await.until("requests are answered", BOUND, () -> requests("one") > 100 && requests("two") > 100);
        }

        goesOn.set(false);
        assertThat(one.join().verified()).isTrue();
        assertThat(two.join().verified()).isTrue();
        call("vhost_delete_controller", "{'ctrlr':'one'}");
        assertThat(gate.handedOver()).isNotDone();
    }

    @Test
    void tellsWhyTheNewProcessCannotBeStarted() {
        cannotStart = true;

        assertThatThrownBy(() -> call("gate_handover", ""))
                .isInstanceOf(RpcError.class)
                .hasMessageContaining("cannot be started: there is no such program");

        call("vhost_delete_controller", "{'ctrlr':'one'}");
    }

    @Test
    void hangsUpOnAFrontEndWithoutInflightRegionWhoseDiskADeadProcessMayHaveRun() {
        step = ScriptedSuccessor.Step.AFTER_TAKEN;
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final CompletableFuture<BenchResult> lost = load("one", false, goesOn);
        Await.until("the load runs", BOUND, () -> requests("one") > 100);

        assertThatThrownBy(() -> call("gate_handover", "")).isInstanceOf(RpcError.class);

        Await.until(
                "the session is closed",
                BOUND,
                () -> call("vhost_get_controllers", "{'name':'one'}")
                        .path(0)
                        .path("sessions")
                        .isEmpty());
        // The load cannot know that its queues are gone: it waits for answers until the end of the process.
        goesOn.set(false);
        assertThat(lost).isNotCompleted();
    }
}
