package io.basalt.cli.bench;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One bench run against a vhost-user-blk socket, from the handshake to the hang-up.
public final class Bench {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final int CONFIG_BYTES = 60;
    private static final long SECOND_NS = 1_000_000_000;
    private static final long STEP_NS = 10_000_000;
    private static final long VERIFY_BYTES_MAX = 4L << 30;

    private final Path socket;
    private final Workload workload;
    private final Progress progress;
    private final @Nullable LongSupplier backEndCpu;
    private BooleanSupplier longer = () -> false;
    private boolean inflightRegion;
    private int iops;
    private volatile List<LoadThread> running = List.of();

    /// Hears how the run goes on, once a second.
    @FunctionalInterface
    public interface Progress {
        /// A second of the run is over.
        ///
        /// @param second of the run, from 1
        /// @param iops requests per second in that second
        void second(int second, double iops);
    }

    /// A run that has not begun.
    ///
    /// @param backEndCpu processor time of the serving side in nanoseconds, or null to take that of the
    ///     process at the other end of the socket
    public Bench(Path socket, Workload workload, Progress progress, @Nullable LongSupplier backEndCpu) {
        this.socket = socket;
        this.workload = workload;
        this.progress = progress;
        this.backEndCpu = backEndCpu;
    }

    /// Count on after the workload's time for as long as something holds, which is asked often.
    public Bench longerWhile(BooleanSupplier condition) {
        longer = condition;
        return this;
    }

    /// Start no more requests than so many a second, evenly spread over time and queues.
    ///
    /// @param requests a second; 0 for as many as the disk takes
    public Bench atRate(int requests) {
        iops = requests;
        return this;
    }

    /// Keep an inflight region for the back end, as virtual machine monitors do.
    public Bench withInflightRegion() {
        inflightRegion = true;
        return this;
    }

    /// How long the disk has kept a thread of the load without any answer, at the longest since the
    /// last such question; 0 before the run. Nanoseconds. Any thread.
    public long takeLongestGapNs() {
        return running.stream().mapToLong(LoadThread::takeLongestGapNs).max().orElse(0);
    }

    /// Run it.
    ///
    /// @throws IllegalStateException saying what went wrong: nobody there, a failed request, wrong data
    /// @throws InterruptedException if the thread is interrupted; the run is then over
    public BenchResult run() throws InterruptedException {
        try (SocketTransport transport = SocketTransport.connect(socket, CONNECT_LIMIT)) {
            final VhostUserFrontEnd frontEnd = new VhostUserFrontEnd(transport);
            frontEnd.connect(
                    VhostUserSpec.PROTOCOL_F_MQ
                            | VhostUserSpec.PROTOCOL_F_REPLY_ACK
                            | VhostUserSpec.PROTOCOL_F_CONFIG
                            | (inflightRegion ? VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD : 0),
                    -1);
            final long features = agree(frontEnd);
            final long blocks = blocks(capacityBytes(frontEnd));
            try (GuestArena arena = GuestArena.create(arenaBytes(), workload.hugePages())) {
                return load(transport, frontEnd, features, blocks, arena);
            }
        }
    }

    private long agree(VhostUserFrontEnd frontEnd) {
        long wanted = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1;
        wanted |= workload.queueCount() > 1 ? 1L << BlkSpec.VIRTIO_BLK_F_MQ : 0;
        wanted |= workload.packed() ? 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED : 0;
        wanted |= workload.indirect() ? 1L << VirtqueueSpec.VIRTIO_F_INDIRECT_DESC : 0;
        wanted |= workload.eventIndex() ? 1L << VirtqueueSpec.VIRTIO_F_EVENT_IDX : 0;
        final long missing = wanted & ~frontEnd.offered();
        if (missing != 0) {
            throw new IllegalStateException("the back end does not offer virtio feature bits 0x"
                    + Long.toHexString(missing)
                    + (workload.packed()
                            ? " (packed rings are offered on request only:"
                                    + " vhost_create_blk_controller packed_ring=true)"
                            : ""));
        }
        if (workload.queueCount() > frontEnd.queueCountMax()) {
            throw new IllegalStateException("--queues: the back end has only " + frontEnd.queueCountMax());
        }
        // As every guest does: without it each write has to be durable when it is answered (virtio 1.2, 5.2.5.2).
        wanted |= frontEnd.offered() & 1L << BlkSpec.VIRTIO_BLK_F_FLUSH;
        return frontEnd.features(wanted);
    }

    private static long capacityBytes(VhostUserFrontEnd frontEnd) {
        final MemorySegment config = MemorySegment.ofArray(frontEnd.config(CONFIG_BYTES));
        return config.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), BlkSpec.CONFIG_CAPACITY)
                << BlkSpec.SECTOR_SHIFT;
    }

    private long blocks(long capacityBytes) {
        final long asked =
                workload.regionBytes() == 0 ? capacityBytes : Math.min(workload.regionBytes(), capacityBytes);
        final long bytes = workload.verify() ? Math.min(asked, VERIFY_BYTES_MAX) : asked;
        final long blocks = bytes / workload.blockSize();
        if (blocks < (long) workload.queueCount() * 2 * workload.depth()) {
            throw new IllegalStateException("the disk of " + capacityBytes + " bytes is too small for "
                    + workload.queueCount() + " queues with " + workload.depth() + " blocks in flight each");
        }
        return blocks;
    }

    private long arenaBytes() {
        final long perSlot = 4096L * 2 + workload.blockSize();
        return workload.queueCount() * (workload.depth() * perSlot + workload.queueSize() * 128L + 65536) + (1L << 20);
    }

    private BenchResult load(
            SocketTransport transport, VhostUserFrontEnd frontEnd, long features, long blocks, GuestArena arena)
            throws InterruptedException {
        final List<EventFd> calls = new ArrayList<>();
        final List<LoadQueue> queues = new ArrayList<>();
        try {
            for (int job = 0; job < workload.jobCount(); job++) {
                calls.add(EventFd.create());
            }
            for (int i = 0; i < workload.queueCount(); i++) {
                queues.add(new LoadQueue(
                        i, workload, intervalNs(), arena, features, blocks, calls.get(i % workload.jobCount())));
            }
            if (inflightRegion) {
                final VhostUserFrontEnd.Inflight region =
                        frontEnd.createInflight(workload.queueCount(), workload.queueSize());
                frontEnd.inflight(region);
                FileDescriptor.close(region.fd());
            }
            frontEnd.memory(List.of(arena.description()));
            for (final LoadQueue queue : queues) {
                frontEnd.startRing(queue.description(arena));
                frontEnd.enableRing(queue.index(), true);
            }
            frontEnd.barrier();
            final LongSupplier cpu = backEndCpu == null ? new ProcessCpu(transport.peerProcessId())::nowNs : backEndCpu;
            final BenchResult result = run(transport, queues, calls, cpu, arena);
            for (final LoadQueue queue : queues) {
                frontEnd.stopRing(queue.index());
            }
            return result;
        } finally {
            queues.forEach(LoadQueue::close);
            calls.forEach(EventFd::close);
        }
    }

    private long intervalNs() {
        return iops == 0 ? 0 : SECOND_NS * workload.queueCount() / iops;
    }

    private BenchResult run(
            SocketTransport transport, List<LoadQueue> queues, List<EventFd> calls, LongSupplier cpu, GuestArena arena)
            throws InterruptedException {
        final List<LoadThread> threads = threads(queues, calls);
        running = threads;
        threads.forEach(LoadThread::start);
        try {
            return measure(transport, queues, threads, cpu, arena);
        } finally {
            // Whatever ended the run: no thread may touch the guest's memory once it is given back.
            threads.forEach(thread -> thread.phase(LoadThread.Phase.GIVE_UP));
            for (final LoadThread thread : threads) {
                thread.join();
            }
        }
    }

    private BenchResult measure(
            SocketTransport transport,
            List<LoadQueue> queues,
            List<LoadThread> threads,
            LongSupplier cpu,
            GuestArena arena)
            throws InterruptedException {
        waitFor(workload.rampNs(), () -> false, threads, transport, null);
        final long cpuBefore = cpu.getAsLong();
        threads.forEach(thread -> thread.phase(LoadThread.Phase.COUNT));
        final long startNs = System.nanoTime();
        waitFor(workload.runNs(), longer, threads, transport, progress);
        threads.forEach(thread -> thread.phase(LoadThread.Phase.FINISH));
        final long elapsedNs = System.nanoTime() - startNs;
        final long cpuAfter = cpu.getAsLong();
        waitFor(0, () -> threads.stream().anyMatch(LoadThread::isAlive), threads, transport, null);
        threads.forEach(Bench::throwIfFailed);
        final long clientCpuNs = threads.stream().mapToLong(LoadThread::cpuNs).sum();
        return result(queues, threads, elapsedNs, clientCpuNs, cpuBefore < 0 ? -1 : cpuAfter - cpuBefore, arena);
    }

    private List<LoadThread> threads(List<LoadQueue> queues, List<EventFd> calls) {
        final List<LoadThread> threads = new ArrayList<>();
        for (int job = 0; job < workload.jobCount(); job++) {
            final List<LoadQueue> own = new ArrayList<>();
            for (int i = job; i < queues.size(); i += workload.jobCount()) {
                own.add(queues.get(i));
            }
            threads.add(new LoadThread(job, own, workload.calls() ? calls.get(job) : null));
        }
        return threads;
    }

    private static void waitFor(
            long ns,
            BooleanSupplier longer,
            List<LoadThread> threads,
            SocketTransport transport,
            @Nullable Progress told) {
        final long startNs = System.nanoTime();
        long before = done(threads);
        int second = 0;
        for (long now = startNs; now - startNs < ns || longer.getAsBoolean(); now = System.nanoTime()) {
            final long leftNs = ns - (now - startNs);
            LockSupport.parkNanos(leftNs > 0 ? Math.min(STEP_NS, leftNs) : STEP_NS);
            threads.forEach(Bench::throwIfFailed);
            if (transport.hungUp()) {
                throw new IllegalStateException("the back end hung up after " + done(threads) + " answered requests");
            }
            if (told != null && System.nanoTime() - startNs >= (second + 1) * 1_000_000_000L) {
                final long done = done(threads);
                told.second(++second, (double) (done - before));
                before = done;
            }
        }
    }

    private static long done(List<LoadThread> threads) {
        return threads.stream().mapToLong(LoadThread::doneSoFar).sum();
    }

    private static void throwIfFailed(LoadThread thread) {
        final Throwable failure = thread.failure();
        if (failure instanceof RuntimeException known) {
            throw known;
        }
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    private BenchResult result(
            List<LoadQueue> queues,
            List<LoadThread> threads,
            long elapsedNs,
            long clientCpuNs,
            long backEndCpuNs,
            GuestArena arena) {
        final Histogram reads = queues.getFirst().readLatency().copy();
        final Histogram writes = queues.getFirst().writeLatency().copy();
        long kicks = queues.getFirst().kicks();
        for (final LoadQueue queue : queues.subList(1, queues.size())) {
            reads.add(queue.readLatency());
            writes.add(queue.writeLatency());
            kicks += queue.kicks();
        }
        final String fallback = arena.fallback();
        return new BenchResult(
                workload,
                elapsedNs,
                reads,
                writes,
                clientCpuNs,
                backEndCpuNs,
                kicks,
                threads.stream().mapToLong(LoadThread::calls).sum(),
                workload.verify(),
                fallback == null ? "" : fallback);
    }
}
