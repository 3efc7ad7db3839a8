package io.basalt.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// A measure of the bytes that a piece of code allocates on the Java heap, by which data-path code is proved to
/// allocate nothing.
///
/// It reads the JVM's own counter of the calling thread, so work handed to another thread is not seen. Warm-up lets
/// class loading, call-site linkage and just-in-time compilation do their one-time allocations before the count.
public final class AllocationProbe {
    /// Runs before the count that bring ordinary data-path code to its compiled form.
    public static final int WARM_UP_RUNS = 20_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// For how long the rounds go on while each of them allocates, in nanoseconds. Code that is still interpreted
    /// may allocate where its compiled form does not (calls through method handles), and on a loaded machine the
    /// compiler can be seconds behind: only code that goes on allocating is found guilty.
    private static final long PATIENCE_NS = 120_000_000_000L;

    private AllocationProbe() {}

    /// Heap bytes allocated by `runs` runs of the operation, after [#WARM_UP_RUNS] runs that are not counted.
    public static long bytesAllocated(int runs, Runnable operation) {
        return bytesAllocated(WARM_UP_RUNS, runs, operation);
    }

    /// Heap bytes allocated by `runs` runs of the operation, after `warmUpRuns` runs that are not counted.
    ///
    /// The least of as many rounds as fit into [#PATIENCE_NS], or 0 after the first one without: what the
    /// operation itself allocates shows up in every one of them, whereas a late one-time allocation of the JVM
    /// shows up in one. The probe's own cost is measured and taken off.
    public static long bytesAllocated(int warmUpRuns, int runs, Runnable operation) {
        return bytesAllocated(warmUpRuns, runs, PATIENCE_NS, operation);
    }

    static long bytesAllocated(int warmUpRuns, int runs, long patienceNs, Runnable operation) {
        if (runs <= 0) {
            throw new IllegalArgumentException("runs must be positive, is " + runs);
        }
        measure(warmUpRuns, AllocationProbe::nothing);
        measure(warmUpRuns, operation);
        final long ownCost = measure(1, AllocationProbe::nothing);
        final long start = System.nanoTime();
        long least = Long.MAX_VALUE;
        do {
            least = Math.min(least, Math.max(0, measure(runs, operation) - ownCost));
        } while (least > 0 && System.nanoTime() - start < patienceNs);
        return least;
    }

    private static void nothing() {}

    private static long measure(int runs, Runnable operation) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int run = 0; run < runs; run++) {
            operation.run();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
