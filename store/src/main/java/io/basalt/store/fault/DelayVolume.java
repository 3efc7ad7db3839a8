package io.basalt.store.fault;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.TimerTask;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A volume that holds every request back for a while before it passes it on to another volume.
///
/// With jitter, requests in flight together take effect in another order than they came in, as on a real disk. A
/// flush still covers all writes that completed before it was submitted, since those have reached the base.
public final class DelayVolume extends WrappedVolume {
    private volatile DelayOptions options;

    /// @param base stays the caller's, and open until this volume is closed
    public DelayVolume(String name, Volume base, DelayOptions options) {
        super(name, base);
        this.options = options;
    }

    /// Change the delays of requests to come. Any thread; channels that are open keep their random stream.
    public void options(DelayOptions newOptions) {
        options = newOptions;
    }

    @Override
    public String productName() {
        return "delay";
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return new Channel(reactor, base.openChannel(reactor));
    }

    private final class Channel implements VolumeChannel {
        private static final int FREE_COUNT_FIRST = 256;

        private final Reactor reactor;
        private final VolumeChannel below;
        private long randomState;
        private Held[] free = new Held[FREE_COUNT_FIRST];
        private int freeCount = FREE_COUNT_FIRST;
        private int heldCount;

        Channel(Reactor reactor, VolumeChannel below) {
            this.reactor = reactor;
            this.below = below;
            // Another stream on each reactor, the same in each run.
            randomState = options.seed() + reactor.id();
            Arrays.setAll(free, _ -> new Held(this));
        }

        @Override
        public BlockStatus submit(BlockRequest request) {
            if (freeCount == 0) {
                grow();
            }
            final Held held = free[--freeCount];
            held.request = request;
            heldCount++;
            reactor.schedule(held, delayNs(request.operation()));
            return BlockStatus.PENDING;
        }

        /// More are held than ever before; in a steady state nothing is allocated.
        private void grow() {
            final Held[] more = new Held[free.length * 2];
            for (int i = 0; i < free.length; i++) {
                more[i] = new Held(this);
            }
            freeCount = free.length;
            free = more;
        }

        private long delayNs(BlockOperation operation) {
            final DelayOptions current = options;
            final long least = operation == BlockOperation.READ ? current.readNs() : current.writeNs();
            return current.jitterNs() == 0 ? least : least + Long.remainderUnsigned(random(), current.jitterNs() + 1);
        }

        /// SplitMix64.
        private long random() {
            randomState += 0x9E3779B97F4A7C15L;
            long mixed = randomState;
            mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
            mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
            return mixed ^ mixed >>> 31;
        }

        private void passOn(Held held) {
            final BlockRequest request = Objects.requireNonNull(held.request);
            held.request = null;
            free[freeCount++] = held;
            heldCount--;
            final BlockStatus status = below.submit(request);
            if (status != BlockStatus.PENDING) {
                request.completed(status);
            }
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
            return heldCount + below.inFlight();
        }

        @Override
        public void close() {
            assert heldCount == 0;
            below.close();
        }
    }

    /// A request that waits for its time.
    private static final class Held extends TimerTask {
        private final Channel channel;

        @Nullable
        BlockRequest request;

        Held(Channel channel) {
            this.channel = channel;
        }

        @Override
        protected void expired(long nowNs) {
            channel.passOn(this);
        }
    }
}
