package io.basalt.store.fault;

import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A volume that fails chosen requests of another: they are answered at once and never reach the base.
///
/// Rules may be changed from any thread while I/O runs; the first that is due decides. Matches are counted over all
/// reactors.
public final class ErrorVolume extends WrappedVolume {
    private static final class ActiveRule {
        final ErrorRule rule;
        final AtomicLong matched = new AtomicLong();
        final AtomicLong failed = new AtomicLong();

        ActiveRule(ErrorRule rule) {
            this.rule = rule;
        }

        boolean isDue(BlockRequest request) {
            if (!rule.matches(request) || matched.incrementAndGet() % rule.everyNth() != 0) {
                return false;
            }
            return failed.get() < rule.count() && failed.incrementAndGet() <= rule.count();
        }
    }

    private final AtomicLong failedCount = new AtomicLong();
    private volatile ActiveRule[] rules = {};

    /// @param base stays the caller's, and open until this volume is closed
    public ErrorVolume(String name, Volume base) {
        super(name, base);
    }

    /// Add a rule, after those there are.
    public synchronized void inject(ErrorRule rule) {
        final ActiveRule[] more = Arrays.copyOf(rules, rules.length + 1);
        more[rules.length] = new ActiveRule(rule);
        rules = more;
    }

    /// Drop all rules: every request passes.
    public synchronized void clear() {
        rules = new ActiveRule[0];
    }

    /// Requests that failed by a rule.
    public long failedCount() {
        return failedCount.get();
    }

    @Override
    public String productName() {
        return "Error Injection Disk";
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return new Channel(base.openChannel(reactor));
    }

    private @Nullable BlockStatus failure(BlockRequest request) {
        for (final ActiveRule active : rules) {
            if (active.isDue(request)) {
                failedCount.incrementAndGet();
                return active.rule.status();
            }
        }
        return null;
    }

    private final class Channel implements VolumeChannel {
        private final VolumeChannel below;

        Channel(VolumeChannel below) {
            this.below = below;
        }

        @Override
        public BlockStatus submit(BlockRequest request) {
            final @Nullable BlockStatus failure = failure(request);
            return failure != null ? failure : below.submit(request);
        }

        @Override
        public void hurry(boolean wanted) {
            below.hurry(wanted);
        }

        @Override
        public void useMemory(RegionTable table) {
            below.useMemory(table);
        }

        @Override
        public void releaseMemory(RegionTable table) {
            below.releaseMemory(table);
        }

        @Override
        public int inFlight() {
            return below.inFlight();
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
