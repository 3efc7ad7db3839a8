package io.basalt.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.scsi.ScsiTask;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The queues of a host that carry no I/O.
class ScsiControlAndEventTest {
    private static final int RING = 0x10000;
    private static final long REQUEST = 0x30000;
    private static final long ANSWER = 0x31000;

    private final ScsiRig rig = new ScsiRig();
    private final DriverQueue driver = DriverQueue.create(rig.guest, 0, RING, 16, rig.device.offeredFeatures(), 8);
    private final List<String> managed = new ArrayList<>();

    @AfterEach
    void close() {
        rig.close();
    }

    private final class Desk implements ScsiDesk {
        @Override
        public void errand(ScsiTask task, IntConsumer done) {
            throw new AssertionError("asked by request queues only");
        }

        @Override
        public void manage(int target, int function, long tag, IntConsumer done) {
            managed.add(target + " " + function + " " + tag);
            done.accept(0);
        }
    }

    private String control(ScsiControlQueue queue, String request, int answerLength) {
        final byte[] bytes = HexFormat.of().parseHex(request.replace(" ", ""));
        for (int i = 0; i < bytes.length; i++) {
            rig.guest.set(ValueLayout.JAVA_BYTE, REQUEST + i, bytes[i]);
        }
        final DescriptorChain chain = new DescriptorChain(2);
        chain.addReadable(REQUEST, bytes.length);
        chain.addWritable(ANSWER, answerLength);
        driver.add(chain, false);
        driver.publish();
        queue.poll(1);
        queue.poll(2);
        assertThat(driver.poll()).isNotNegative();
        return HexFormat.of().formatHex(rig.guest.asSlice(ANSWER, answerLength).toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void hasTasksManagedForTargetsThatAreThere() {
        final boolean[] present = new boolean[ScsiDevice.TARGET_COUNT_MAX];
        present[0] = true;
        final ScsiControlQueue queue = new ScsiControlQueue(
                0,
                new Desk(),
                target -> present[target],
                new ScsiRig.QuietEngine(),
                (_, fault) -> rig.faults.add(fault));
        queue.start(rig.setup(driver, 0));
        assertThat(control(queue, "00000000 00000000 0100400000000000 0700000000000000", 1))
                .isEqualTo("00");
        assertThat(managed).containsExactly("0 0 7");
        assertThat(control(queue, "00000000 05000000 0101400000000000 0700000000000000", 1))
                .isEqualTo("03");
        assertThat(control(queue, "00000000 05000000 01ff400000000000 0700000000000000", 1))
                .as("a target beyond the last")
                .isEqualTo("03");
        assertThat(control(queue, "00000000 05000000 0100400100000000 0700000000000000", 1))
                .isEqualTo("0c");
        assertThat(control(queue, "00000000 02000000 0100400000000000 0700000000000000", 1))
                .isEqualTo("0b");
        assertThat(control(queue, "01000000 0100400000000000 ffffffff", 5)).isEqualTo("0000000000");
        assertThat(control(queue, "00000000 0500", 1)).as("too short").isEqualTo("09");
        assertThat(control(queue, "63000000", 1)).as("unknown").isEqualTo("0b");
        assertThat(rig.faults).isEmpty();
    }

    @Test
    void givesItsConfigurationAsFarAsItGoes() {
        assertThat(configuration(0, 8)).isEqualTo("01000000" + "7e000000");
        assertThat(configuration(ScsiHostSpec.CONFIG_MAX_TARGET, 10)).isEqualTo("0700" + "00000000" + "00000000");
        assertThat(configuration(200, 4)).as("beyond its end").isEqualTo("00000000");
    }

    private String configuration(int offset, int length) {
        final byte[] bytes = new byte[length];
        rig.device.readConfig(offset, MemorySegment.ofArray(bytes));
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void tellsEventsAsFarAsThereAreBuffersAndSaysWhenSomeWereLost() {
        final ScsiEventQueue queue =
                new ScsiEventQueue(1, new ScsiRig.QuietEngine(), (_, fault) -> rig.faults.add(fault));
        queue.start(rig.setup(driver, 1));
        for (int i = 0; i <= ScsiEventQueue.WAITING_MAX; i++) {
            queue.post(ScsiHostSpec.VIRTIO_SCSI_T_PARAM_CHANGE, 3, ScsiHostSpec.CAPACITY_CHANGED);
        }
        assertThat(event(queue)).isEqualTo("03000080" + "0103000000000000" + "2a090000");
        assertThat(event(queue)).isEqualTo("03000000" + "0103000000000000" + "2a090000");
    }

    private String event(ScsiEventQueue queue) {
        final DescriptorChain chain = new DescriptorChain(1);
        chain.addWritable(ANSWER, ScsiHostSpec.EVENT_LENGTH);
        driver.add(chain, false);
        driver.publish();
        queue.poll(1);
        assertThat(driver.poll()).isNotNegative();
        return HexFormat.of()
                .formatHex(rig.guest.asSlice(ANSWER, ScsiHostSpec.EVENT_LENGTH).toArray(ValueLayout.JAVA_BYTE));
    }
}
