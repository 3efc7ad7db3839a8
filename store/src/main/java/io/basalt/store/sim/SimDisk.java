package io.basalt.store.sim;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.TimerTask;
import io.basalt.store.VolumeRules;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A disk that keeps what is written in memory and loses it as a real one may.
///
/// **Fault model.** A request takes effect, as a whole, at some moment between submission and completion;
/// requests in
/// flight together take effect in any order. At a power cut, of each write in flight any sectors of 512 bytes
/// may have
/// been written. With a volatile cache, a completed write is on the medium only after a flush that was
/// submitted later,
/// or at once if it was durable ([BlockRequest#durable()]); a power cut leaves each sector of the cache with
/// any content
/// it was given since, or without. Beyond that, [DiskFaults] decides over errors, lost and misdirected writes, and
/// [#rot] flips bits.
///
/// **Time.** With a [DiskLatency], requests complete by the reactor's timers. Without, they wait until the
/// driver of the
/// simulation says which one completes ([#complete]).
///
/// Allocates as it likes. One thread.
public final class SimDisk implements Volume {
    /// What a sector that was never written holds.
    private static final byte[] ZEROS = new byte[SimMedium.SECTOR_BYTES];

    private final String name;
    private final long sizeBytes;
    private final boolean volatileCache;
    private final RandomSource random;
    private final SimMedium medium = new SimMedium();
    private final List<Waiting> inFlight = new ArrayList<>();
    private @Nullable DiskLatency latency;
    private DiskFaults faults = DiskFaults.NONE;
    private long bytesWritten;
    private int life;

    /// An empty disk, without latency: the driver completes each request.
    ///
    /// @param sizeBytes a multiple of 4096
    /// @param volatileCache whether a completed write needs a flush to be durable
    /// @param random decides what a power cut and a fault leave
    public SimDisk(String name, long sizeBytes, boolean volatileCache, RandomSource random) {
        this.name = VolumeRules.requireName(name);
        this.sizeBytes = VolumeRules.requireSize(sizeBytes, 4096);
        this.volatileCache = volatileCache;
        this.random = random;
    }

    /// Let requests from now on complete by themselves.
    public void latency(DiskLatency newLatency) {
        latency = newLatency;
    }

    /// What goes wrong from now on.
    public void faults(DiskFaults newFaults) {
        faults = newFaults;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String productName() {
        return "Simulated disk";
    }

    @Override
    public int blockSize() {
        return SimMedium.SECTOR_BYTES;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return true;
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return new Channel(reactor);
    }

    @Override
    public void close() {}

    /// Requests that have not completed.
    public int inFlight() {
        return inFlight.size();
    }

    /// Bytes that completed writes have written.
    public long bytesWritten() {
        return bytesWritten;
    }

    /// Carry out one of the requests in flight and complete it. In the thread of its reactor.
    ///
    /// @param index 0 to [#inFlight()] - 1, in the order of submission
    public void complete(int index) {
        final Waiting waiting = inFlight.remove(index);
        waiting.channel.inFlight--;
        waiting.request.completed(carryOut(waiting));
    }

    /// The power fails. Nothing in flight is ever completed, and open channels are dead.
    public void powerCut() {
        for (final Waiting waiting : inFlight) {
            tear(waiting.request);
            waiting.cancel();
        }
        inFlight.clear();
        medium.cut(random);
        life++;
    }

    /// The process that uses the disk dies; the disk does not. Nothing in flight is ever completed, but all
    /// of it takes effect.
    public void processCrash() {
        while (!inFlight.isEmpty()) {
            final int index = (int) Long.remainderUnsigned(random.nextLong(), inFlight.size());
            final Waiting waiting = inFlight.remove(index);
            waiting.cancel();
            if (waiting.request.operation() != BlockOperation.READ) {
                carryOut(waiting);
            }
        }
        life++;
    }

    /// Flip a bit of what is stored.
    public void rot(long offset, int bit) {
        medium.rot(offset / SimMedium.SECTOR_BYTES, (int) (offset % SimMedium.SECTOR_BYTES) * 8 + bit);
    }

    /// Whether a sector was ever written.
    public boolean isWritten(long offset) {
        return medium.isWritten(offset / SimMedium.SECTOR_BYTES);
    }

    private BlockStatus carryOut(Waiting waiting) {
        final BlockRequest request = waiting.request;
        final DiskFault fault = faults.faultOf(request.operation(), request.offset(), request.length());
        if (fault == DiskFault.NO_SPACE) {
            return BlockStatus.NO_SPACE;
        }
        if (fault == DiskFault.ERROR) {
            tear(request);
            return BlockStatus.IO_ERROR;
        }
        switch (request.operation()) {
            case READ -> read(request);
            case WRITE -> {
                if (fault != DiskFault.LOST) {
                    write(request, fault == DiskFault.MISDIRECTED ? elsewhere(request) : request.offset());
                }
                bytesWritten += request.length();
            }
            case FLUSH -> medium.flush(waiting.flushStamp);
            case DISCARD, WRITE_ZEROES -> zero(request);
        }
        return BlockStatus.OK;
    }

    private long elsewhere(BlockRequest request) {
        final long blocks = (sizeBytes - request.length()) / 4096 + 1;
        return Long.remainderUnsigned(random.nextLong(), blocks) * 4096;
    }

    private void read(BlockRequest request) {
        final long first = request.offset() / SimMedium.SECTOR_BYTES;
        for (int at = 0; at < request.length(); at += SimMedium.SECTOR_BYTES) {
            final byte[] content = medium.content(first + at / SimMedium.SECTOR_BYTES);
            copy(request.data(), at, content == null ? ZEROS : content, true);
        }
    }

    private void write(BlockRequest request, long offset) {
        for (int at = 0; at < request.length(); at += SimMedium.SECTOR_BYTES) {
            medium.write((offset + at) / SimMedium.SECTOR_BYTES, sector(request, at), isForced(request));
        }
    }

    private boolean isForced(BlockRequest request) {
        return !volatileCache || request.durable();
    }

    private void zero(BlockRequest request) {
        final long end = request.offset() + request.length();
        for (long at = request.offset(); at < end; at += SimMedium.SECTOR_BYTES) {
            if (medium.isWritten(at / SimMedium.SECTOR_BYTES)) {
                medium.write(at / SimMedium.SECTOR_BYTES, new byte[SimMedium.SECTOR_BYTES], !volatileCache);
            }
        }
    }

    /// Any sectors of a write may be done.
    private void tear(BlockRequest request) {
        if (request.operation() != BlockOperation.WRITE) {
            return;
        }
        final long kind = random.nextLong() & 3;
        for (int at = 0; at < request.length() && kind != 0; at += SimMedium.SECTOR_BYTES) {
            if (kind == 1 || (random.nextLong() & 1) == 0) {
                final long sector = (request.offset() + at) / SimMedium.SECTOR_BYTES;
                medium.write(sector, sector(request, at), isForced(request));
            }
        }
    }

    private static byte[] sector(BlockRequest request, int at) {
        final byte[] sector = new byte[SimMedium.SECTOR_BYTES];
        copy(request.data(), at, sector, false);
        return sector;
    }

    /// Copy a sector from or to the memory that a vector lists.
    private static void copy(IoVector data, int from, byte[] sector, boolean toVector) {
        long skip = from;
        int done = 0;
        for (int entry = 0; done < sector.length; entry++) {
            final int here = data.length(entry);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            final int piece = (int) Math.min(sector.length - done, here - skip);
            final long offset = data.offset(entry) + skip;
            if (toVector) {
                MemorySegment.copy(sector, done, data.segment(entry), ValueLayout.JAVA_BYTE, offset, piece);
            } else {
                MemorySegment.copy(data.segment(entry), ValueLayout.JAVA_BYTE, offset, sector, done, piece);
            }
            done += piece;
            skip = 0;
        }
    }

    /// A request in flight.
    private final class Waiting extends TimerTask {
        private final Channel channel;
        private final BlockRequest request;
        private final long flushStamp;

        Waiting(Channel channel, BlockRequest request) {
            this.channel = channel;
            this.request = request;
            flushStamp = medium.stamp();
        }

        @Override
        protected void expired(long nowNs) {
            complete(inFlight.indexOf(this));
        }

        void cancel() {
            if (isScheduled()) {
                channel.reactor.cancel(this);
            }
        }
    }

    private final class Channel implements VolumeChannel {
        private final Reactor reactor;
        private final int bornIn = life;
        private int inFlight;

        Channel(Reactor reactor) {
            this.reactor = reactor;
        }

        @Override
        public BlockStatus submit(BlockRequest request) {
            final BlockStatus status = VolumeRules.check(request, sizeBytes, blockSize(), false);
            if (status != BlockStatus.OK || bornIn != life) {
                return status != BlockStatus.OK ? status : BlockStatus.IO_ERROR;
            }
            final Waiting waiting = new Waiting(this, request);
            SimDisk.this.inFlight.add(waiting);
            inFlight++;
            if (latency != null) {
                reactor.schedule(waiting, latency.latencyNs(request.operation(), request.length()));
            }
            return BlockStatus.PENDING;
        }

        @Override
        public void useMemory(RegionTable table) {}

        @Override
        public void releaseMemory(RegionTable table) {}

        @Override
        public int inFlight() {
            return inFlight;
        }

        @Override
        public void close() {
            assert inFlight == 0 || bornIn != life : inFlight + " requests in flight";
        }
    }
}
