package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// QEMU's own vhost-user-blk back end. The harness proves itself on it, so that a failure elsewhere is the gate's.
public final class StorageDaemon implements AutoCloseable {
    private final Process process;
    private final ProcessOutput output;

    private StorageDaemon(Process process) {
        this.process = process;
        this.output = new ProcessOutput("qemu-storage-daemon", process.getInputStream());
    }

    /// Serves a raw file at each of the sockets.
    public static StorageDaemon serve(Path file, int queues, Path... sockets) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add("qemu-storage-daemon");
        command.add("--blockdev");
        command.add("driver=file,node-name=disk,discard=unmap,cache.direct=on,aio=threads,filename=" + file);
        for (int i = 0; i < sockets.length; i++) {
            command.add("--export");
            command.add("type=vhost-user-blk,id=export" + i + ",node-name=disk,writable=on,num-queues=" + queues
                    + ",addr.type=unix,addr.path=" + sockets[i]);
        }
        final StorageDaemon daemon =
                new StorageDaemon(ChildProcess.start(new ProcessBuilder(command).redirectErrorStream(true)));
        Watch.until(
                "qemu-storage-daemon listens",
                Duration.ofSeconds(30),
                () -> {
                    if (!daemon.process.isAlive()) {
                        throw new AssertionError("qemu-storage-daemon ended\n" + daemon.output.tail());
                    }
                    return Arrays.stream(sockets).allMatch(Files::exists);
                },
                daemon.output::tail);
        return daemon;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
            output.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
