package io.basalt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What every volume must do, run against each kind of volume by a subclass.
public abstract class VolumeContract {
    private static final long SIZE = 4 << 20;
    private static final int IN_FLIGHT_BOUND = 1024;

    private @Nullable TestBench bench;

    /// A new volume whose bytes are all zero, to be closed by the test.
    protected abstract Volume create(long sizeBytes);

    protected abstract int blockSize();

    /// Requests to prove freedom from allocation with; 0 for no proof.
    protected abstract int allocationRuns();

    /// Whether data written can be read back.
    protected boolean keepsData() {
        return true;
    }

    /// The volume that was just closed, opened again; null if closing it loses the data.
    protected @Nullable Volume reopen() {
        return null;
    }

    /// Whether a volume that says it supports discard never answers otherwise: a device may find out late.
    protected boolean discardsSurely() {
        return true;
    }

    /// The same bytes as the volume just created has, read-only; null if there is no such thing.
    protected @Nullable Volume reopenReadOnly() {
        return null;
    }

    protected final TestBench bench() {
        return bench(SIZE);
    }

    protected final TestBench bench(long sizeBytes) {
        assertThat(bench).isNull();
        final TestBench opened = new TestBench(create(sizeBytes));
        bench = opened;
        return opened;
    }

    /// Runs before what a subclass does after each test.
    @AfterEach
    protected void closeBench() {
        if (bench != null) {
            bench.close();
            bench = null;
        }
    }

    @Test
    void tellsItsProperties() {
        final Volume volume = bench().volume();
        assertThat(volume.sizeBytes()).isEqualTo(SIZE);
        assertThat(volume.blockSize()).isEqualTo(blockSize());
        assertThat(volume.readOnly()).isFalse();
        assertThat(volume.productName()).isNotBlank();
        assertThat(volume.name()).isNotBlank();
        assertThat(volume.supports(BlockOperation.READ)).isTrue();
        assertThat(volume.supports(BlockOperation.WRITE)).isTrue();
        assertThat(volume.supports(BlockOperation.FLUSH)).isTrue();
        assertThat(volume.supports(BlockOperation.WRITE_ZEROES)).isTrue();
    }

    @Test
    void readsBackWhatWasWrittenInAnyPieces() {
        final TestBench b = bench();
        final byte[] expected = new byte[(int) SIZE];
        SeededTest.run(150, random -> {
            // A replayed case starts from what is there.
            if (keepsData()) {
                randomRequest(b, expected, random);
            }
        });
        if (keepsData()) {
            compareAll(b, expected);
        }
    }

    private void randomRequest(TestBench b, byte[] expected, RandomGenerator random) {
        final int blocks = (int) (SIZE / blockSize());
        final int most = random.nextInt(4) == 0 ? 1 << 20 : 32 << 10;
        final int count = 1 + random.nextInt(Math.min(most / blockSize(), blocks));
        final int offset = random.nextInt(blocks - count + 1) * blockSize();
        final int length = count * blockSize();
        final TestRequest request = b.request();
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> {
                final byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                b.memory().scatter(request.data(), length, random);
                TestMemory.store(request.data(), bytes, 0);
                assertThat(b.run(request.ask(BlockOperation.WRITE, offset, length)))
                        .isEqualTo(BlockStatus.OK);
                System.arraycopy(bytes, 0, expected, offset, length);
            }
            case 3 -> {
                assertThat(b.run(request.ask(BlockOperation.WRITE_ZEROES, offset, length, random.nextBoolean())))
                        .isEqualTo(BlockStatus.OK);
                Arrays.fill(expected, offset, offset + length, (byte) 0);
            }
            case 4 -> {
                if (b.volume().supports(BlockOperation.DISCARD)) {
                    discard(b, expected, offset, length);
                }
            }
            default -> {
                b.memory().wipe();
                b.memory().scatter(request.data(), length, random);
                assertThat(b.run(request.ask(BlockOperation.READ, offset, length)))
                        .isEqualTo(BlockStatus.OK);
                assertThat(TestMemory.load(request.data()))
                        .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
            }
        }
    }

    private void discard(TestBench b, byte[] expected, int offset, int length) {
        final BlockStatus status = b.run(b.request().ask(BlockOperation.DISCARD, offset, length));
        if (status == BlockStatus.UNSUPPORTED && !discardsSurely()) {
            assertThat(b.volume().supports(BlockOperation.DISCARD)).isFalse();
            return;
        }
        assertThat(status).isEqualTo(BlockStatus.OK);
        Arrays.fill(expected, offset, offset + length, (byte) 0);
    }

    private static void compareAll(TestBench b, byte[] expected) {
        final int step = 1 << 20;
        for (int at = 0; at < expected.length; at += step) {
            final int length = Math.min(step, expected.length - at);
            assertThat(b.read(at, length)).isEqualTo(Arrays.copyOfRange(expected, at, at + length));
        }
    }

    @Test
    void touchesNoByteBesideTheDataItReads() {
        final TestBench b = bench();
        final int length = blockSize();
        b.memory().wipe();
        b.request().piece(b.memory(), 0, 4096, length);
        assertThat(b.run(b.request().ask(BlockOperation.READ, 0, length))).isEqualTo(BlockStatus.OK);
        final byte[] around = TestMemory.load(
                b.request().piece(b.memory(), 0, 0, 4096 + length + 4096).data());
        for (int i = 0; i < around.length; i++) {
            if (i < 4096 || i >= 4096 + length) {
                assertThat(around[i]).as("byte %d", i).isEqualTo(TestMemory.UNTOUCHED);
            }
        }
    }

    @Test
    void neverWrittenBlocksReadAsZeros() {
        final TestBench b = bench();
        if (keepsData()) {
            compareAll(b, new byte[(int) SIZE]);
        }
    }

    @Test
    void takesTheFirstAndTheLastBlockAndNothingBeyond() {
        final TestBench b = bench();
        final int block = blockSize();
        for (final BlockOperation operation :
                List.of(BlockOperation.READ, BlockOperation.WRITE, BlockOperation.WRITE_ZEROES)) {
            assertThat(b.run(operation, 0, block)).isEqualTo(BlockStatus.OK);
            assertThat(b.run(operation, SIZE - block, block)).isEqualTo(BlockStatus.OK);
            assertThat(b.run(operation, SIZE, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, SIZE - block, 2L * block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, -block, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, Long.MAX_VALUE & -(long) block, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, 1, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, 0, block - 1)).isEqualTo(BlockStatus.OUT_OF_RANGE);
            assertThat(b.run(operation, block / 2, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
        }
        assertThat(b.run(BlockOperation.DISCARD, SIZE, block)).isEqualTo(BlockStatus.OUT_OF_RANGE);
        assertThat(b.run(BlockOperation.WRITE_ZEROES, 0, Long.MAX_VALUE & -(long) block))
                .isEqualTo(BlockStatus.OUT_OF_RANGE);
    }

    @Test
    void doesNothingForARangeOfNoBytes() {
        final TestBench b = bench();
        b.request().data().reset(b.memory().table());
        assertThat(b.run(b.request().ask(BlockOperation.WRITE_ZEROES, 0, 0))).isEqualTo(BlockStatus.OK);
        assertThat(b.run(b.request().ask(BlockOperation.READ, SIZE, 0))).isEqualTo(BlockStatus.OK);
    }

    @Test
    void clearsTheWholeVolumeInOneRequest() {
        final TestBench b = bench();
        if (!keepsData()) {
            return;
        }
        for (final BlockOperation operation : List.of(BlockOperation.WRITE_ZEROES, BlockOperation.DISCARD)) {
            if (b.volume().supports(operation) && (operation == BlockOperation.WRITE_ZEROES || discardsSurely())) {
                b.write(0, TestBench.filled(8192, 7));
                b.write(SIZE - 8192, TestBench.filled(8192, 8));
                assertThat(b.run(operation, 0, SIZE)).isEqualTo(BlockStatus.OK);
                compareAll(b, new byte[(int) SIZE]);
            }
        }
    }

    @Test
    void flushes() {
        final TestBench b = bench();
        b.write(0, TestBench.filled(4096, 3));
        assertThat(b.run(BlockOperation.FLUSH, 0, 0)).isEqualTo(BlockStatus.OK);
    }

    @Test
    void keepsConcurrentNeighboursApartAndAnswersEachOnce() {
        final TestBench b = bench();
        final int count = 2 * IN_FLIGHT_BOUND + 500;
        final int block = 512;
        final List<TestRequest> requests = new ArrayList<>();
        final int perRequest = blockSize();
        final int volumeBlocks = (int) (SIZE / perRequest);
        for (int i = 0; i < Math.min(count, volumeBlocks); i++) {
            final TestRequest request = new TestRequest();
            final int at = i % (TestMemory.REGION_BYTES / block) * block;
            b.memory().table().segment(0).asSlice(at, block).fill((byte) (i % 251 + 1));
            request.data().reset(b.memory().table());
            for (int piece = 0; piece < perRequest / block; piece++) {
                request.data().add(0, at, block);
            }
            requests.add(request);
            request.ask(BlockOperation.WRITE, (long) i * perRequest, perRequest).submit(b.channel());
        }
        assertThat(b.channel().inFlight()).isEqualTo((int)
                requests.stream().filter(request -> !request.ended()).count());
        b.reactor().until("all end", () -> requests.stream().allMatch(TestRequest::ended));
        assertThat(b.channel().inFlight()).isZero();
        assertThat(requests).allMatch(request -> request.status() == BlockStatus.OK);
        if (keepsData()) {
            for (int i = 0; i < requests.size(); i++) {
                assertThat(b.read((long) i * perRequest, perRequest))
                        .as("block %d", i)
                        .isEqualTo(TestBench.filled(perRequest, i % 251 + 1));
            }
        }
    }

    @Test
    void takesNewRequestsFromInsideACompletion() {
        final TestBench b = bench();
        final TestRequest second = new TestRequest();
        second.piece(b.memory(), 0, 0, blockSize()).ask(BlockOperation.READ, 0, blockSize());
        final TestRequest first = new TestRequest();
        first.piece(b.memory(), 0, 8192, blockSize());
        final boolean[] sent = new boolean[1];
        first.onEnd(() -> {
            sent[0] = true;
            second.submit(b.channel());
        });
        if (first.ask(BlockOperation.READ, 0, blockSize()).submit(b.channel()) == BlockStatus.PENDING) {
            b.reactor().until("both end", () -> sent[0] && first.ended() && second.ended());
            assertThat(second.status()).isEqualTo(BlockStatus.OK);
        }
    }

    @Test
    void growsOnline() {
        final TestBench b = bench();
        if (!(b.volume() instanceof ResizableVolume volume) || !canGrow()) {
            System.out.println(getClass().getSimpleName() + ": skipped growing: this volume cannot");
            return;
        }
        b.write(SIZE - 4096, TestBench.filled(4096, 9));
        volume.resize(2 * SIZE);
        assertThat(volume.sizeBytes()).isEqualTo(2 * SIZE);
        assertThat(b.write(SIZE - 4096, TestBench.filled(12288, 5))).isEqualTo(BlockStatus.OK);
        if (keepsData()) {
            assertThat(b.read(SIZE - 8192, 24576)).satisfies(bytes -> {
                assertThat(Arrays.copyOfRange(bytes, 0, 4096)).isEqualTo(new byte[4096]);
                assertThat(Arrays.copyOfRange(bytes, 4096, 16384)).isEqualTo(TestBench.filled(12288, 5));
                assertThat(Arrays.copyOfRange(bytes, 16384, 24576)).isEqualTo(new byte[8192]);
            });
        }
        assertThatThrownBy(() -> volume.resize(SIZE)).isInstanceOf(VolumeException.class);
        assertThatThrownBy(() -> volume.resize(2 * SIZE + 100)).isInstanceOf(VolumeException.class);
        assertThat(volume.sizeBytes()).isEqualTo(2 * SIZE);
    }

    /// Whether growing is possible at all.
    protected boolean canGrow() {
        return true;
    }

    @Test
    void keepsDataOverCloseAndOpen() {
        final TestBench b = bench();
        b.write(8192, TestBench.filled(4096, 6));
        assertThat(b.run(BlockOperation.FLUSH, 0, 0)).isEqualTo(BlockStatus.OK);
        if (reopenable()) {
            b.closeVolume();
            final Volume again = reopen();
            assertThat(again).isNotNull();
            b.openVolume(java.util.Objects.requireNonNull(again));
            assertThat(b.read(8192, 4096)).isEqualTo(TestBench.filled(4096, 6));
        }
    }

    /// Whether [#reopen()] gives a volume.
    protected boolean reopenable() {
        return false;
    }

    @Test
    void refusesWritesWhenReadOnly() {
        final TestBench b = bench();
        b.write(0, TestBench.filled(4096, 4));
        if (!reopenable()) {
            return;
        }
        b.closeVolume();
        final Volume readOnly = reopenReadOnly();
        assertThat(readOnly).isNotNull();
        b.openVolume(java.util.Objects.requireNonNull(readOnly));
        assertThat(b.volume().readOnly()).isTrue();
        assertThat(b.volume().supports(BlockOperation.WRITE)).isFalse();
        assertThat(b.volume().supports(BlockOperation.DISCARD)).isFalse();
        assertThat(b.run(BlockOperation.WRITE, 0, 4096)).isEqualTo(BlockStatus.READ_ONLY);
        assertThat(b.run(BlockOperation.DISCARD, 0, 4096)).isEqualTo(BlockStatus.READ_ONLY);
        assertThat(b.run(BlockOperation.WRITE_ZEROES, 0, 4096)).isEqualTo(BlockStatus.READ_ONLY);
        assertThat(b.run(BlockOperation.FLUSH, 0, 0)).isEqualTo(BlockStatus.OK);
        assertThat(b.read(0, 4096)).isEqualTo(TestBench.filled(4096, 4));
    }

    @Test
    void allocatesNothingPerRequest() {
        if (allocationRuns() == 0) {
            System.out.println(getClass().getSimpleName() + ": skipped allocation: proved on another device");
            return;
        }
        final TestBench b = bench();
        final TestRequest[] requests = new TestRequest[8];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new TestRequest();
            requests[i].data().reset(b.memory().table());
            requests[i].data().add(0, i * 65536L, 4096);
            // Some with more pieces, some of them misaligned.
            if (i >= 4) {
                requests[i].data().add(1, i * 65536L + (i == 7 ? 100 : 0), 4096);
            }
        }
        final int[] turn = new int[1];
        final Runnable one = () -> {
            turn[0]++;
            final TestRequest request = requests[turn[0] & 7];
            final long length = request.data().byteCount();
            final BlockOperation operation = (turn[0] & 8) == 0 ? BlockOperation.WRITE : BlockOperation.READ;
            if (request.ask(operation, (turn[0] & 15) * 8192L, length).submit(b.channel()) == BlockStatus.PENDING) {
                while (!request.ended()) {
                    b.reactor().reactor().runOnce();
                }
            }
        };
        assertThat(AllocationProbe.bytesAllocated(
                        Math.min(allocationRuns(), AllocationProbe.WARM_UP_RUNS), allocationRuns(), one))
                .isZero();
    }
}
