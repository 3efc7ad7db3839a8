package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockStatus;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.blk.BlkRig.Ring;
import io.basalt.virtio.blk.BlkRig.Sent;
import io.basalt.virtio.memory.DirtyLog;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every page that the device changes is marked, before the driver can know of it.
class BlkDirtyLogTest {
    private static final int GUEST_BYTES = (int) (FakeGuest.END - FakeGuest.START);
    private static final int PAGE_SHIFT = 12;

    private static Set<Integer> marked(MemorySegment bitmap) {
        final Set<Integer> pages = new TreeSet<>();
        for (int page = 0; page < bitmap.byteSize() * 8; page++) {
            if ((bitmap.get(ValueLayout.JAVA_BYTE, page >>> 3) >>> (page & 7) & 1) != 0) {
                pages.add(page);
            }
        }
        return pages;
    }

    private static Set<Integer> changed(byte[] before, byte[] after) {
        final Set<Integer> pages = new TreeSet<>();
        for (int i = 0; i < before.length; i++) {
            if (before[i] != after[i]) {
                pages.add((int) ((FakeGuest.START + i) >>> PAGE_SHIFT));
            }
        }
        return pages;
    }

    private static void sendSomething(BlkRig rig, RandomGenerator random) {
        // Anywhere behind the ring, across the seam too.
        rig.guest.clear();
        rig.guest.place(random.nextInt(0x12000));
        switch (random.nextInt(6)) {
            case 0 -> rig.send(BlkSpec.VIRTIO_BLK_T_OUT, random.nextInt(100), 512, 0);
            case 1 -> rig.send(BlkSpec.VIRTIO_BLK_T_GET_ID, 0, 0, random.nextInt(1, 40));
            case 2 -> rig.send(random.nextInt(), random.nextInt(), 16, random.nextInt(1, 5000));
            case 3 -> rig.send(BlkSpec.VIRTIO_BLK_T_IN, -1, 0, 4096);
            default -> rig.send(BlkSpec.VIRTIO_BLK_T_IN, random.nextInt(100), 0, 512 * random.nextInt(1, 20));
        }
    }

    @ParameterizedTest
    @EnumSource
    void marksEveryPageThatChanges(Ring ring) {
        SeededTest.run(40, random -> {
            try (BlkRig rig = new BlkRig(ring);
                    Arena arena = Arena.ofConfined()) {
                final MemorySegment bitmap = arena.allocate(8, 8);
                random.nextBytes(rig.volume.bytes());
                rig.log = new DirtyLog(bitmap);
                rig.start();
                for (int round = 0; round < 10; round++) {
                    rig.volume.mode = random.nextBoolean() ? FakeVolume.Mode.IMMEDIATE : FakeVolume.Mode.DEFERRED;
                    final int requests = random.nextInt(1, 4);
                    for (int i = 0; i < requests; i++) {
                        sendSomething(rig, random);
                    }
                    final byte[] before = new byte[GUEST_BYTES];
                    rig.guest.copyOut(FakeGuest.START, before);
                    bitmap.fill((byte) 0);
                    rig.poll();
                    rig.volume.finishAll();
                    rig.poll();
                    final byte[] after = new byte[GUEST_BYTES];
                    rig.guest.copyOut(FakeGuest.START, after);
                    assertThat(marked(bitmap)).containsAll(changed(before, after));
                    while (rig.driver.poll() >= 0) {
                        assertThat(rig.faults).isEmpty();
                    }
                }
            }
        });
    }

    @Test
    void marksDataThatAFailedReadMayHaveLeft() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment bitmap = arena.allocate(8, 8);
            rig.log = new DirtyLog(bitmap);
            rig.start();
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent read = rig.send(BlkSpec.VIRTIO_BLK_T_IN, 0, 0, 8192);
            rig.poll();
            bitmap.fill((byte) 0);
            rig.volume.failure = BlockStatus.IO_ERROR;
            rig.volume.finishAll();
            rig.poll();
            final int first = (int) (read.writable() >>> PAGE_SHIFT);
            assertThat(marked(bitmap)).contains(first, first + 1, first + 2);
        }
    }

    @Test
    void marksNothingThatItOnlyReads() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment bitmap = arena.allocate(8, 8);
            rig.log = new DirtyLog(bitmap);
            rig.start();
            bitmap.fill((byte) 0);
            final Sent write = rig.send(BlkSpec.VIRTIO_BLK_T_OUT, 0, 8192, 0);
            rig.poll();
            assertThat(marked(bitmap)).containsExactly((int) (rig.driver.deviceAddress() >>> PAGE_SHIFT), (int)
                    (write.status() >>> PAGE_SHIFT));
        }
    }
}
