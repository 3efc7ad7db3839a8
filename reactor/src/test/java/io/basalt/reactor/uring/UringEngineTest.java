package io.basalt.reactor.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UringEngineTest {
    private static final int ENTRIES = 8;
    private static final long MILLISECOND_NS = 1_000_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by the test engine
    Path folder;

    private final List<String> completed = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // a ring belongs to the thread that opens it
    private UringEngine engine;

    @BeforeEach
    void open() {
        engine = UringEngine.open(ENTRIES);
        engine.poll();
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void deliversEachCompletionToItsHandlerWithItsToken() {
        final int first = engine.addHandler((token, result, flags) -> completed.add("first " + token + " " + result));
        final int second = engine.addHandler((token, result, flags) -> completed.add("second " + token + " " + result));
        engine.ring().prepareNop(engine.userData(first, 7));
        engine.ring().prepareNop(engine.userData(second, -1));
        engine.ring().prepareNop(engine.userData(first, Integer.MIN_VALUE));
        assertThat(completed).isEmpty();
        awaitCompletions(3);
        assertThat(completed)
                .containsExactlyInAnyOrder("first 7 0", "second -1 0", "first " + Integer.MIN_VALUE + " 0");
    }

    @Test
    void dropsCompletionsOfAHandlerThatHasBeenReplaced() {
        final int removed = engine.addHandler((token, result, flags) -> completed.add("removed"));
        engine.ring().prepareNop(engine.userData(removed, 1));
        engine.removeHandler(removed);
        final int successor = engine.addHandler((token, result, flags) -> completed.add("successor"));
        assertThat(successor).isNotEqualTo(removed);
        engine.ring().prepareNop(engine.userData(successor, 1));
        awaitCompletions(1);
        assertThat(completed).containsExactly("successor");
    }

    @Test
    void takesMoreRequestsThanItsQueueHoldsWhenSubmittedInBetween() {
        final int handler = engine.addHandler((token, result, flags) -> completed.add("nop"));
        for (int request = 0; request < 3 * ENTRIES; request++) {
            if (!engine.ring().prepareNop(engine.userData(handler, request))) {
                assertThat(engine.submit()).isEqualTo(ENTRIES);
                assertThat(engine.ring().prepareNop(engine.userData(handler, request)))
                        .isTrue();
            }
        }
        awaitCompletions(3 * ENTRIES);
    }

    @Test
    void reportsEverySignalOfAWatchedDescriptorUntilItIsUnwatched() {
        try (EventFd kick = EventFd.create()) {
            final int watch = engine.watch(kick.fd(), UringSpec.POLLIN, events -> completed.add("ready " + events));
            engine.poll();
            assertThat(completed).isEmpty();
            kick.signal();
            awaitCompletions(1);
            kick.signal();
            awaitCompletions(2);
            assertThat(completed).containsOnly("ready " + UringSpec.POLLIN);
            engine.unwatch(watch);
            kick.signal();
            settle();
            assertThat(completed).hasSize(2);
        }
    }

    @Test
    void reportsADescriptorThatIsReadyBeforeItIsWatched() {
        try (EventFd kick = EventFd.create()) {
            kick.signal();
            final int watch = engine.watch(kick.fd(), UringSpec.POLLIN, events -> completed.add("ready"));
            awaitCompletions(1);
            engine.unwatch(watch);
        }
    }

    @Test
    void doesNotCallAHandlerAgainThatUnwatchedItself() {
        try (EventFd kick = EventFd.create()) {
            final int[] watch = new int[1];
            watch[0] = engine.watch(kick.fd(), UringSpec.POLLIN, events -> {
                completed.add("ready");
                engine.unwatch(watch[0]);
            });
            kick.signal();
            awaitCompletions(1);
            kick.signal();
            settle();
            assertThat(completed).hasSize(1);
        }
    }

    @Test
    void letsGoOfASocketThatIsUnwatchedWhileAnEventIsOnItsWay() {
        try (UnixSocket.Pair pair = UnixSocket.pair();
                Arena arena = Arena.ofConfined()) {
            final int watch = engine.watch(pair.left().fd(), UringSpec.POLLIN, events -> completed.add("ready"));
            engine.poll();
            assertThat(pair.right().send(arena.allocate(1), 0, 1)).isEqualTo(1);
            engine.unwatch(watch);
            pair.left().close();
            settle();
            // The kernel lets go of a file in its own time.
            Await.until(
                    "the socket is closed", () -> (pair.right().await(UringSpec.POLLHUP, 0) & UringSpec.POLLHUP) != 0);
            assertThat(completed).isEmpty();
        }
    }

    @Test
    void watchesMoreDescriptorsThanItsQueueHolds() {
        final List<EventFd> kicks = new ArrayList<>();
        for (int number = 0; number < 5 * ENTRIES; number++) {
            final EventFd kick = EventFd.create();
            kicks.add(kick);
            engine.watch(kick.fd(), UringSpec.POLLIN, events -> completed.add("ready"));
        }
        for (int round = 1; round <= 3; round++) {
            kicks.forEach(EventFd::signal);
            awaitCompletions(round * kicks.size());
        }
        kicks.forEach(EventFd::close);
    }

    @Test
    void reportsADescriptorThatCannotBeWatched() {
        final int watch = engine.watch(-1, UringSpec.POLLIN, events -> completed.add("ended " + events));
        awaitCompletions(1);
        assertThat(completed).containsExactly("ended -9");
        engine.unwatch(watch);
        settle();
        assertThat(completed).hasSize(1);
    }

    @Test
    void wakeBeforeASleepMakesItReturn() {
        engine.wake();
        engine.sleep(Long.MAX_VALUE);
        assertThat(engine.poll()).isPositive();
    }

    @Test
    void wakesFromAnotherThreadAgainAndAgain() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            final Thread waker = Thread.ofPlatform().start(engine::wake);
            engine.sleep(Long.MAX_VALUE);
            while (engine.poll() == 0) {
                engine.sleep(Long.MAX_VALUE);
            }
            waker.join();
            settle();
        }
    }

    @Test
    void sleepReturnsWhenTheTimeIsUp() {
        final long startNs = System.nanoTime();
        assertThat(engine.sleep(2 * MILLISECOND_NS)).isZero();
        assertThat(System.nanoTime() - startNs).isGreaterThanOrEqualTo(2 * MILLISECOND_NS);
    }

    @Test
    void doesNotSleepOnCompletionsThatWait() {
        final int handler = engine.addHandler((token, result, flags) -> completed.add("nop"));
        engine.ring().prepareNop(engine.userData(handler, 0));
        engine.submit();
        assertThat(engine.sleep(Long.MAX_VALUE)).isOne();
        assertThat(completed).isEmpty();
        assertThat(engine.poll()).isOne();
    }

    @Test
    void deliversTheOtherCompletionsWhenAHandlerThrows() {
        final int failing = engine.addHandler((token, result, flags) -> {
            throw new IllegalStateException("token " + token);
        });
        final int healthy = engine.addHandler((token, result, flags) -> completed.add("healthy " + token));
        engine.ring().prepareNop(engine.userData(healthy, 1));
        engine.ring().prepareNop(engine.userData(failing, 2));
        engine.ring().prepareNop(engine.userData(healthy, 3));
        assertThatThrownBy(engine::poll).hasMessage("token 2");
        engine.poll();
        assertThat(completed).containsExactly("healthy 1", "healthy 3");
    }

    @Test
    void readsARegisteredFileIntoARegisteredBuffer() throws IOException {
        final Path path = folder.resolve("content");
        Files.writeString(path, "basalt");
        final int handler = engine.addHandler((token, result, flags) -> completed.add("read " + result));
        try (LinuxFile file = LinuxFile.open(path, FileSpec.O_RDONLY, 0);
                Arena arena = Arena.ofConfined()) {
            final int slot = engine.addFile(file.fd());
            final MemorySegment memory = arena.allocate(4096, 4096);
            final int buffer = engine.claimBuffers(1);
            assertThat(slot).isNotNegative();
            assertThat(buffer).isNotNegative();
            assertThat(engine.ring().updateBuffer(buffer, memory.address(), memory.byteSize()))
                    .isZero();
            engine.ring()
                    .prepareReadFixed(
                            slot,
                            memory.address(),
                            4096,
                            0,
                            buffer,
                            UringSpec.IOSQE_FIXED_FILE,
                            engine.userData(handler, 0));
            awaitCompletions(1);
            assertThat(completed).containsExactly("read 6");
            assertThat(new String(memory.asSlice(0, 6).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII))
                    .isEqualTo("basalt");
            engine.removeFile(slot);
            engine.releaseBuffers(buffer, 1);
        }
    }

    @Test
    void claimsNeighbouringBuffersAndReusesReleasedOnes() {
        final int first = engine.claimBuffers(3);
        final int second = engine.claimBuffers(2);
        assertThat(second).isEqualTo(first + 3);
        engine.releaseBuffers(first, 3);
        assertThat(engine.claimBuffers(4)).isEqualTo(second + 2);
        assertThat(engine.claimBuffers(2)).isEqualTo(first);
        assertThat(engine.claimBuffers(1)).isEqualTo(first + 2);
        assertThat(engine.claimBuffers(1 << 20)).isEqualTo(-1);
    }

    @Test
    void submittingAndDeliveringAllocateNothing() {
        final long[] sum = new long[1];
        final int handler = engine.addHandler((token, result, flags) -> sum[0] += token);
        final long bytes = AllocationProbe.bytesAllocated(100_000, () -> {
            engine.ring().prepareNop(engine.userData(handler, 1));
            engine.ring().prepareNop(engine.userData(handler, 1));
            engine.poll();
            engine.wake();
            engine.sleep(MILLISECOND_NS);
            engine.poll();
        });
        assertThat(bytes).isZero();
        assertThat(sum[0]).isGreaterThan(200_000);
    }

    private void awaitCompletions(int count) {
        Await.until(count + " completions", () -> {
            engine.poll();
            return completed.size() >= count;
        });
        assertThat(completed).hasSize(count);
    }

    /// Gives whatever is still under way the time to arrive: a request made now completes after it.
    private void settle() {
        final boolean[] settled = new boolean[1];
        final int handler = engine.addHandler((token, result, flags) -> settled[0] = true);
        engine.ring().prepareNop(engine.userData(handler, 0));
        Await.until("an empty request completes", () -> {
            engine.poll();
            return settled[0];
        });
        engine.removeHandler(handler);
        while (engine.poll() > 0) {
            assertThat(engine).isNotNull();
        }
    }
}
