package io.basalt.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.virtio.memory.DirtyLog;
import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueueAllocationTest {
    private static final int RUNS = 100_000;

    @ParameterizedTest
    @CsvSource({
        "false, false, false",
        "false, false, true",
        "false, true, false",
        "false, true, true",
        "true, false, false",
        "true, false, true",
        "true, true, false",
        "true, true, true"
    })
    void allocatesNothingFromAddToPoll(boolean packed, boolean indirect, boolean trackedAndLogged) {
        final GuestRig rig =
                new GuestRig(16, (packed ? GuestRig.PACKED : GuestRig.SPLIT) | GuestRig.INDIRECT | GuestRig.EVENT_IDX);
        final Virtqueue queue = Virtqueue.open(
                trackedAndLogged
                        ? rig.setup(
                                rig.memory,
                                rig.driver.base(),
                                true,
                                rig.inflight,
                                new DirtyLog(Arena.ofAuto().allocate(64, 8)))
                        : rig.setup());
        final DescriptorChain chain = GuestRig.chain(0);
        final DescriptorChain into = new DescriptorChain(16);
        final long bytes = AllocationProbe.bytesAllocated(RUNS, () -> {
            rig.driver.add(chain, indirect);
            rig.driver.add(chain, indirect);
            rig.driver.publish();
            while (queue.pop(into) > 0) {
                queue.complete(into.id(), 1);
            }
            queue.publish();
            queue.enableNotifications();
            queue.disableNotifications();
            while (rig.driver.poll() >= 0) {
                rig.driver.usedLength();
            }
        });
        assertThat(bytes).isZero();
    }
}
