package io.basalt.endtoend.fuzz;

import io.basalt.endtoend.harness.Repository;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.rpc.RpcError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The gate under attack: a process of its own with two data reactors, three disks that are attacked and one, the
/// witness's, that is not.
final class FuzzedGate implements AutoCloseable {
    /// Volumes, and controllers of the same names, that attacks go at.
    static final List<String> TARGETS = List.of("ram", "null", "file");

    /// The volume and the controller that nobody attacks.
    static final String WITNESS = "witness";

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Duration READY_BOUND = Duration.ofMinutes(5);
    private static final Duration ANSWER_BOUND = Duration.ofMinutes(2);
    private static final int END_BOUND_S = 300;
    private static final long FILE_BYTES = 32L << 20;
    private static final int CLEANING_ROUNDS_MAX = 8;
    private static final List<String> VOLUME_KINDS = List.of("malloc", "null", "uring", "aio", "delay", "error");

    private final TestFolder folder;
    private final Process process;
    private final GateOutput output;
    private final Thread endWithTests;

    private FuzzedGate(TestFolder folder) throws IOException {
        this.folder = folder;
        folder.sparseFile("file.raw", FILE_BYTES);
        folder.sparseFile(WITNESS + ".raw", FILE_BYTES);
        process = new ProcessBuilder(List.of(
                        Repository.java().toString(),
                        "-ea",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-Xmx256m",
                        "-XX:ErrorFile=" + folder.resolve("hs_err.log"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.basalt.cli.Main",
                        "gate",
                        "run",
                        "--reactors",
                        "2",
                        "--metrics",
                        "127.0.0.1:0",
                        "--data",
                        folder.resolve("gate").toString(),
                        "--rpc-socket",
                        rpcSocket().toString()))
                .redirectErrorStream(true)
                .start();
        endWithTests = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(endWithTests);
        output = new GateOutput(process.getInputStream());
    }

    /// Starts the gate and makes its disks.
    static FuzzedGate start(TestFolder folder) throws IOException {
        final FuzzedGate gate = new FuzzedGate(folder);
        try {
            Watch.until(
                    "the gate answers",
                    READY_BOUND,
                    () -> !gate.process.isAlive() || gate.tryCall("spdk_get_version", "{}") != null,
                    gate.output::tail);
            gate.makeDisks();
            return gate;
        } catch (AssertionError | RuntimeException e) {
            gate.close();
            throw e;
        }
    }

    private void makeDisks() {
        call("bdev_malloc_create", "{'name':'ram','num_blocks':32768,'block_size':512}");
        call("bdev_null_create", "{'name':'null','num_blocks':65536,'block_size':512}");
        for (final String name : List.of("file", WITNESS)) {
            call(
                    "bdev_uring_create",
                    "{'name':'" + name + "','filename':'" + folder.resolve(name + ".raw") + "','block_size':512}");
        }
        for (final String name : List.of("ram", "null", "file", WITNESS)) {
            call(
                    "vhost_create_blk_controller",
                    "{'ctrlr':'" + name + "','dev_name':'" + name + "','packed_ring':true}");
        }
    }

    /// Brings disks and settings back to what they were at the start, whatever attacks have made of them; the
    /// witness's disk is not touched.
    void restore() {
        call("framework_set_idle", "{'mode':'adaptive'}");
        call("log_set_level", "{'level':'NOTICE'}");
        int rounds = 1;
        while (clean() > 0 && rounds < CLEANING_ROUNDS_MAX) {
            // What lies under a volume can be deleted only after it.
            rounds++;
        }
        makeDisks();
    }

    /// Deletes all that can be deleted now.
    ///
    /// @return what is left but the witness's
    private int clean() {
        for (final JsonNode controller : call("vhost_get_controllers", "{}")) {
            final String name = controller.path("ctrlr").stringValue();
            if (!name.equals(WITNESS)) {
                call("vhost_delete_controller", MAPPER.createObjectNode().put("ctrlr", name));
            }
        }
        int left = 0;
        for (final JsonNode volume : call("bdev_get_bdevs", "{}")) {
            final String name = volume.path("name").stringValue();
            if (!name.equals(WITNESS)) {
                left++;
                for (final String kind : VOLUME_KINDS) {
                    tryCall(
                            "bdev_" + kind + "_delete",
                            MAPPER.createObjectNode().put("name", name));
                }
            }
        }
        return left;
    }

    Path rpcSocket() {
        return folder.resolve("rpc.sock");
    }

    /// The front-end socket of a controller, be it there or not.
    Path socket(String controller) {
        return folder.resolve("gate").resolve("vhost").resolve(controller);
    }

    Path inFolder(String name) {
        return folder.resolve(name);
    }

    /// Calls a method with parameters written with single quotes.
    ///
    /// @throws AssertionError if the gate answers with an error, or not in time
    JsonNode call(String method, String parameters) {
        return call(method, MAPPER.readTree(parameters.replace('\'', '"')));
    }

    private JsonNode call(String method, JsonNode parameters) {
        try (RpcClient client = RpcClient.connect(rpcSocket(), ANSWER_BOUND)) {
            return client.call(method, parameters);
        } catch (RpcError failure) {
            throw new AssertionError(
                    method + " " + parameters + ": " + failure.getMessage() + "\n" + output.tail(), failure);
        }
    }

    /// Calls a method that may fail.
    @Nullable
    JsonNode tryCall(String method, String parameters) {
        return tryCall(method, MAPPER.readTree(parameters.replace('\'', '"')));
    }

    private @Nullable JsonNode tryCall(String method, JsonNode parameters) {
        try (RpcClient client = RpcClient.connect(rpcSocket(), ANSWER_BOUND)) {
            return client.call(method, parameters);
        } catch (RpcError refused) {
            return null;
        }
    }

    /// Sessions that front ends have open with the attacked controllers.
    int sessions() {
        int count = 0;
        for (final JsonNode controller : call("vhost_get_controllers", "{}")) {
            count += controller.path("ctrlr").stringValue().equals(WITNESS)
                    ? 0
                    : controller.path("sessions").size();
        }
        return count;
    }

    /// Bytes of objects that are still in use, after a full collection.
    long liveHeapBytes() throws IOException, InterruptedException {
        final Process jcmd = new ProcessBuilder(
                        Repository.java().resolveSibling("jcmd").toString(),
                        // Its own patience is ten seconds, which a busy machine may need to let the gate answer.
                        "-J-Dsun.tools.attach.attachTimeout=300000",
                        Long.toString(process.pid()),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        final String histogram = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (jcmd.waitFor() != 0) {
            throw new IOException("jcmd failed: " + histogram);
        }
        long bytes = 0;
        for (final String line : histogram.lines().toList()) {
            final String[] columns = line.strip().split("\\s+", -1);
            // Lines of classes: rank, objects, bytes, name. Fillers are gaps that the collector leaves.
            if (columns.length >= 4 && columns[0].matches("\\d+:") && !columns[3].contains("jdk.internal.vm.Filler")) {
                bytes += Long.parseLong(columns[2]);
            }
        }
        if (bytes == 0) {
            throw new IOException("no classes in " + histogram);
        }
        return bytes;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    GateOutput output() {
        return output;
    }

    /// What is known about an end that nobody asked for.
    String report() throws IOException {
        final Path crash = folder.resolve("hs_err.log");
        return (process.isAlive() ? "" : "the gate ended with status " + process.exitValue() + "\n")
                + "controllers: " + tryCall("vhost_get_controllers", "{}") + "\n"
                + (Files.exists(crash)
                        ? Files.readString(crash).lines().limit(60).toList() + "\n"
                        : "")
                + output.tail();
    }

    /// Asks the gate to end (SIGTERM) and returns its exit status.
    int terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(END_BOUND_S, TimeUnit.SECONDS)) {
            throw new AssertionError("the gate does not end\n" + output.tail());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            output.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().removeShutdownHook(endWithTests);
    }
}
