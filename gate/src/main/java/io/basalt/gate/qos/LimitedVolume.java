package io.basalt.gate.qos;

import io.basalt.block.BlockOperation;
import io.basalt.block.ExtentVisitor;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.NanoClock;
import io.basalt.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A volume as its users see it: within its limits, which can be changed while it is used. It does not own the volume
/// underneath, which is closed after it.
///
/// Concurrency: limits are changed on the control reactor; channels come and go on theirs. What both need is guarded
/// by the list of channels: who opens one gets the limits of before a change, and is told of the change, or those of
/// after it. Nothing of this is on the way of a request.
public final class LimitedVolume implements Volume {
    private final Volume base;
    private final NanoClock clock;
    private final List<LimitedChannel> channels = new ArrayList<>();
    private @Nullable Throttle throttle;
    private QosStatistics retired = QosStatistics.NONE;

    /// A volume without limits.
    ///
    /// @param base stays the caller's
    /// @param clock the one that the reactors have
    public LimitedVolume(Volume base, NanoClock clock) {
        this.base = base;
        this.clock = clock;
    }

    /// Change the limits of requests to come and of those that wait. Credit stays what it is, relative to its most;
    /// a limit that is new begins with all of it.
    public void limit(QosLimits limits) {
        final Throttle next;
        final List<LimitedChannel> open;
        synchronized (channels) {
            final Throttle before = throttle;
            if (limits.equals(before == null ? QosLimits.NONE : before.limits())) {
                return;
            }
            next = limits.isNone() ? null : Throttle.of(limits, clock.nanoTime(), before);
            throttle = next;
            open = List.copyOf(channels);
        }
        open.forEach(channel -> channel.reactor().post(() -> channel.adopt(next)));
    }

    /// Set all credits.
    ///
    /// @param level 0 for empty to 1 for full
    public void credits(double level) {
        final Throttle current = throttle();
        if (current != null) {
            current.credits(level, clock.nanoTime());
        }
    }

    /// What of its credit a kind of limit has left, 0 to 1; 1 if it has no bursts.
    public double credit(LimitKind kind) {
        final Throttle current = throttle();
        return current == null ? 1 : current.credit(kind, clock.nanoTime());
    }

    /// Requests or bytes of a limited kind that may be used at once; negative if some wait for theirs.
    public double tokens(LimitKind kind) {
        final Throttle current = throttle();
        return current == null ? Double.POSITIVE_INFINITY : current.tokens(kind, clock.nanoTime());
    }

    /// The limits that hold.
    public QosLimits limits() {
        final Throttle current = throttle();
        return current == null ? QosLimits.NONE : current.limits();
    }

    private @Nullable Throttle throttle() {
        synchronized (channels) {
            return throttle;
        }
    }

    /// What was held back since the volume was made.
    public QosStatistics statistics() {
        synchronized (channels) {
            QosStatistics sum = retired;
            for (final LimitedChannel channel : channels) {
                sum = sum.plus(channel.counters().read());
            }
            return sum;
        }
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        final LimitedChannel channel = new LimitedChannel(this, reactor, base.openChannel(reactor));
        synchronized (channels) {
            channels.add(channel);
            channel.adopt(throttle);
        }
        return channel;
    }

    void closed(LimitedChannel channel) {
        synchronized (channels) {
            channels.remove(channel);
            retired = retired.plus(channel.counters().read());
        }
    }

    @Override
    public String name() {
        return base.name();
    }

    @Override
    public String productName() {
        return base.productName();
    }

    @Override
    public int blockSize() {
        return base.blockSize();
    }

    @Override
    public long sizeBytes() {
        return base.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return base.readOnly();
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return base.supports(operation);
    }

    @Override
    public boolean zeroesFast(boolean mayUnmap) {
        return base.zeroesFast(mayUnmap);
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) {
        base.extents(offset, length, visitor);
    }

    @Override
    public void close() {}
}
