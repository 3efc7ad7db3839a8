package io.basalt.virtio.scsi;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Signal;
import io.basalt.scsi.LogicalUnit;
import io.basalt.scsi.Nexus;
import io.basalt.scsi.ReservationStore;
import io.basalt.scsi.ScsiProcessor;
import io.basalt.scsi.ScsiTask;
import io.basalt.scsi.UnitIdentity;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.IntConsumer;

/// A host with one target on a request queue, and the driver on its other side, moved by hand.
final class ScsiRig implements AutoCloseable {
    static final int BLOCKS = 2048;
    static final int BLOCK = 512;
    static final long DATA = 0x40000;
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long HEADER = 0x20000;
    private static final long RESPONSE = 0x21000;
    private static final int MEMORY = 0x100000;
    private static final long USER = 0x7f00_0000_0000L;
    private static final int SIZE = 16;

    private final Arena arena = Arena.ofShared();
    final MemorySegment guest = arena.allocate(MEMORY, 4096);
    private final GuestMemory memory = GuestMemory.of(List.of(new GuestRegion(0, USER, guest)));
    final ArrayVolume volume = new ArrayVolume(BLOCKS * BLOCK, BLOCK);
    final List<QueueFault> faults = new ArrayList<>();
    final Deque<Runnable> desk = new ArrayDeque<>();
    final ScsiDevice device = new ScsiDevice(3, true);
    final LogicalUnit unit = unit(volume, new byte[0], ReservationStore.NONE);
    final Nexus nexus = new Nexus(unit, "guest/0", 1);
    final ScsiRequestQueue queue;
    final DriverQueue driver;
    long nowNs = 1;

    /// What came back.
    ///
    /// @param sense its bytes; empty without CHECK CONDITION
    @SuppressWarnings("ArrayRecordComponent") // compared field by field
    record Answer(int response, int status, long residual, byte[] sense, byte[] data) {
        String condition() {
            if (sense.length == 0) {
                return "";
            }
            final boolean fixed = (sense[0] & 0x7f) == 0x70;
            return fixed
                    ? String.format("%x/%02x/%02x", sense[2] & 15, sense[12], sense[13])
                    : String.format("%x/%02x/%02x", sense[1] & 15, sense[2], sense[3]);
        }

        String hex() {
            return HexFormat.of().formatHex(data);
        }
    }

    ScsiRig() {
        queue = new ScsiRequestQueue(device, 2, new HandDesk(), new QuietEngine(), (_, fault) -> faults.add(fault));
        driver = DriverQueue.create(guest, 0, 0, SIZE, device.offeredFeatures(), 8);
        unit.attach(nexus, (_, passed) -> queue.fence(0, passed));
        queue.attach(0, nexus, volume);
        queue.start(setup(driver, 2));
    }

    static LogicalUnit unit(ArrayVolume volume, byte[] saved, ReservationStore store) {
        return new LogicalUnit(volume, new UnitIdentity("disk", new UUID(1, 2)), saved, store);
    }

    QueueSetup setup(DriverQueue ring, int index) {
        return new QueueSetup(
                index,
                SIZE,
                device.offeredFeatures(),
                memory,
                USER + ring.descriptorAddress(),
                USER + ring.driverAddress(),
                USER + ring.deviceAddress(),
                ring.base(),
                true,
                7,
                Signal.NONE,
                Signal.NONE,
                null,
                null,
                -1);
    }

    private final class HandDesk implements ScsiDesk {
        @Override
        public void errand(ScsiTask task, IntConsumer done) {
            desk.add(() -> ScsiProcessor.runErrand(task, outcome -> done.accept(outcome)));
        }

        @Override
        public void manage(int target, int function, long tag, IntConsumer done) {
            throw new AssertionError("asked by the control queue only");
        }
    }

    /// An engine in which nothing happens.
    static final class QuietEngine implements Engine {
        @Override
        public int watch(int fd, int events, FdHandler handler) {
            return 1;
        }

        @Override
        public void unwatch(int watch) {}

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            return 0;
        }

        @Override
        public void wake() {}

        @Override
        public void close() {}
    }

    void poll() {
        nowNs += 1000;
        queue.poll(nowNs);
    }

    /// Offer a command for unit 0 of a target.
    void send(int target, byte[] cdb, int outLength, int inLength) {
        send(LunAddress.of(target), cdb, outLength, inLength);
    }

    void send(long address, byte[] cdb, int outLength, int inLength) {
        offer(command(address, cdb, outLength, inLength));
    }

    /// Put a command into the guest's memory.
    DescriptorChain command(long address, byte[] cdb, int outLength, int inLength) {
        guest.asSlice(HEADER, ScsiHostSpec.REQUEST_LENGTH).fill((byte) 0);
        guest.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), HEADER, address);
        MemorySegment.copy(cdb, 0, guest, ValueLayout.JAVA_BYTE, HEADER + ScsiHostSpec.CDB_OFFSET, cdb.length);
        guest.asSlice(RESPONSE, ScsiHostSpec.RESPONSE_LENGTH).fill((byte) 0xee);
        final DescriptorChain chain = new DescriptorChain(8);
        chain.addReadable(HEADER, ScsiHostSpec.REQUEST_LENGTH);
        if (outLength > 0) {
            chain.addReadable(DATA, outLength);
        }
        chain.addWritable(RESPONSE, ScsiHostSpec.RESPONSE_LENGTH);
        if (inLength > 0) {
            chain.addWritable(DATA, inLength);
        }
        return chain;
    }

    private void offer(DescriptorChain chain) {
        driver.add(chain, false);
        driver.publish();
    }

    /// Have a command that is in the guest's memory executed again, to a good end.
    void again(DescriptorChain chain) {
        offer(chain);
        poll();
        if (driver.poll() < 0 || guest.get(ValueLayout.JAVA_BYTE, RESPONSE + ScsiHostSpec.STATUS_OFFSET) != 0) {
            throw new AssertionError("not done");
        }
    }

    /// Send a command and have it executed.
    Answer run(String cdb, int outLength, int inLength) {
        return run(LunAddress.of(0), HexFormat.of().parseHex(cdb.replace(" ", "")), outLength, inLength);
    }

    Answer run(long address, byte[] cdb, int outLength, int inLength) {
        send(address, cdb, outLength, inLength);
        poll();
        while (!desk.isEmpty()) {
            desk.removeFirst().run();
            // Once for what a fence waits for, once for the answer.
            poll();
            poll();
        }
        return take();
    }

    Answer take() {
        if (driver.poll() < 0) {
            throw new AssertionError("no answer; faults " + faults);
        }
        final int senseLength = guest.get(LE32, RESPONSE);
        final int written = Math.max(0, driver.usedLength() - ScsiHostSpec.RESPONSE_LENGTH);
        return new Answer(
                guest.get(ValueLayout.JAVA_BYTE, RESPONSE + ScsiHostSpec.RESPONSE_OFFSET) & 0xff,
                guest.get(ValueLayout.JAVA_BYTE, RESPONSE + ScsiHostSpec.STATUS_OFFSET) & 0xff,
                Integer.toUnsignedLong(guest.get(LE32, RESPONSE + ScsiHostSpec.RESIDUAL_OFFSET)),
                guest.asSlice(RESPONSE + ScsiHostSpec.SENSE_OFFSET, Math.clamp(senseLength, 0, 96))
                        .toArray(ValueLayout.JAVA_BYTE),
                guest.asSlice(DATA, written).toArray(ValueLayout.JAVA_BYTE));
    }

    void data(byte[] bytes) {
        MemorySegment.copy(bytes, 0, guest, ValueLayout.JAVA_BYTE, DATA, bytes.length);
    }

    void data(String hex) {
        data(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    @Override
    public void close() {
        arena.close();
    }
}
