package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.linux.uring.IoUring;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.TestBench;
import io.basalt.store.TestRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When transfers go to the kernel.
class UringDeviceQueueTest {
    @Test
    void handsTransfersOverInGroupsOfFour(@TempDir Path folder) throws IOException {
        final Path file = folder.resolve("disk.img");
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(1 << 20);
        }
        try (TestBench bench = new TestBench(FileVolume.open(FileOptions.of("disk", file)))) {
            final IoUring ring = UringEngine.of(bench.reactor().reactor()).ring();
            bench.reactor().reactor().runOnce();
            final TestRequest[] requests = new TestRequest[6];
            for (int i = 0; i < requests.length; i++) {
                requests[i] = new TestRequest();
                requests[i].piece(bench.memory(), 0, i * 4096L, 4096).ask(BlockOperation.READ, i * 4096L, 4096);
                requests[i].submit(bench.channel());
                assertThat(ring.pending()).as("after %d", i + 1).isEqualTo((i + 1) % 4);
            }
            for (final TestRequest request : requests) {
                bench.reactor().until("request ends", request::ended);
            }
        }
    }
}
