package io.basalt.virtio.blk;

import io.basalt.reactor.Signal;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A disk with one queue and the driver on its other side, moved by hand.
final class BlkRig implements AutoCloseable {
    /// Ring layout and kind of descriptor chains.
    enum Ring {
        SPLIT(false, false),
        SPLIT_INDIRECT(false, true),
        PACKED(true, false),
        PACKED_INDIRECT(true, true);

        final boolean packed;
        final boolean indirect;

        Ring(boolean packed, boolean indirect) {
            this.packed = packed;
            this.indirect = indirect;
        }
    }

    /// A signal that counts.
    static final class CountingSignal implements Signal {
        int count;

        @Override
        public void raise() {
            count++;
        }
    }

    static final int KICK_FD = 7;
    static final int DISK_BYTES = 1 << 20;
    static final int TABLE_LENGTH = 8;

    final FakeGuest guest = new FakeGuest();
    final FakeEngine engine = new FakeEngine();
    final CountingSignal call = new CountingSignal();
    final CountingSignal error = new CountingSignal();
    final List<QueueFault> faults = new ArrayList<>();
    final Ring ring;
    final int size;
    final FakeVolume volume;
    final BlkDevice device;
    BlkQueue queue;
    final GuestMemory memory = guest.memory();

    DriverQueue driver;
    long features;
    long nowNs = 1;

    @Nullable
    DirtyLog log;

    @Nullable
    MemorySegment inflight;

    BlkRig(Ring ring) {
        this(ring, 16, new FakeVolume(DISK_BYTES, 512));
    }

    BlkRig(Ring ring, int size, FakeVolume volume) {
        this.ring = ring;
        this.size = size;
        this.volume = volume;
        device = new BlkDevice(volume, "a serial number", false, true, BlkLimits.DEFAULT);
        queue = newQueue();
        features = device.offeredFeatures();
        if (!ring.packed) {
            features &= ~(1L << BlkSpec.VIRTIO_F_RING_PACKED);
        }
        driver = newDriver();
    }

    /// A ring as a driver that starts anew makes it.
    DriverQueue newDriver() {
        driver = DriverQueue.create(guest.ringRegion(), FakeGuest.START, 0, size, features, TABLE_LENGTH);
        assert DriverQueue.bytes(ring.packed, size, TABLE_LENGTH) <= FakeGuest.DATA - FakeGuest.START;
        return driver;
    }

    private BlkQueue newQueue() {
        return new BlkQueue(device, 0, volume, engine, (broken, fault) -> faults.add(fault));
    }

    /// The process dies with what is in flight, and another takes its place.
    void crash() {
        queue = newQueue();
        volume.finishAll();
    }

    QueueSetup setup() {
        return setup(memory, driver.base());
    }

    QueueSetup setup(GuestMemory newMemory, int base) {
        return new QueueSetup(
                0,
                size,
                features,
                newMemory,
                FakeGuest.userAddress(driver.descriptorAddress()),
                FakeGuest.userAddress(driver.driverAddress()),
                FakeGuest.userAddress(driver.deviceAddress()),
                base,
                true,
                KICK_FD,
                call,
                error,
                inflight,
                log,
                log == null ? -1 : driver.deviceAddress());
    }

    BlkRig start() {
        queue.start(setup());
        return this;
    }

    int poll() {
        nowNs += 1000;
        return queue.poll(nowNs);
    }

    /// Offer a chain.
    ///
    /// @return its id, or -1 if the ring is full
    int offer(DescriptorChain chain) {
        final int id = driver.add(chain, ring.indirect);
        driver.publish();
        return id;
    }

    /// A request with header, data and status each in one descriptor.
    Sent send(int type, long sector, int readableLength, int writableLength) {
        final long header = guest.placeHeader(type, sector);
        final long readable = guest.place(readableLength);
        final long writable = guest.place(writableLength + 1);
        final long status = writable + writableLength;
        guest.setByte(status, 0xff);
        final DescriptorChain chain = new DescriptorChain(4);
        chain.addReadable(header, BlkSpec.HEADER_LENGTH);
        if (readableLength > 0) {
            chain.addReadable(readable, readableLength);
        }
        if (writableLength > 0) {
            chain.addWritable(writable, writableLength);
        }
        chain.addWritable(status, 1);
        return new Sent(offer(chain), readable, writable, status);
    }

    /// Where a request's parts are, as guest addresses.
    record Sent(int id, long readable, long writable, long status) {}

    int status(Sent sent) {
        return guest.getByte(sent.status()) & 0xff;
    }

    /// Send, poll once, take the answer.
    ///
    /// @return status
    int run(int type, long sector, int readableLength, int writableLength) {
        final Sent sent = send(type, sector, readableLength, writableLength);
        poll();
        final int id = driver.poll();
        if (id != sent.id()) {
            throw new AssertionError("answer for " + id + ", not " + sent.id());
        }
        return status(sent);
    }

    @Override
    public void close() {
        guest.close();
    }
}
