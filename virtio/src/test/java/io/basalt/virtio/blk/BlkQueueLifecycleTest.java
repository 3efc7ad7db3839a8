package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_FLUSH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_IN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.virtio.blk.BlkRig.CountingSignal;
import io.basalt.virtio.blk.BlkRig.Ring;
import io.basalt.virtio.blk.BlkRig.Sent;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Starting, changing and stopping a queue, with and without requests in flight.
class BlkQueueLifecycleTest {
    @ParameterizedTest
    @EnumSource
    void takesFewRequestsAtATimeWhileItIsSlowedDown(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            for (int i = 0; i < 5; i++) {
                rig.send(VIRTIO_BLK_T_IN, i, 0, 512);
            }
            rig.device.slow(true);
            rig.poll();
            final int few = rig.device.inFlightMax();
            assertThat(rig.queue.inFlight()).isEqualTo(few).isLessThan(5);
            assertThat(rig.queue.arm()).as("an answer wakes it").isTrue();

            rig.volume.finish(0);
            rig.poll();
            assertThat(rig.driver.poll()).isNotNegative();
            assertThat(rig.queue.inFlight()).as("it goes on").isEqualTo(few);

            rig.device.slow(false);
            rig.poll();
            assertThat(rig.queue.inFlight()).isEqualTo(4);
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.queue.inFlight()).isZero();
        }
    }

    private final List<String> events = new ArrayList<>();

    private void acknowledged() {
        events.add("acknowledged");
    }

    private void stopped(int base) {
        events.add("stopped " + base);
    }

    /// A rig with one read in flight.
    private static Sent sendDeferred(BlkRig rig) {
        rig.volume.mode = FakeVolume.Mode.DEFERRED;
        final Sent sent = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
        rig.poll();
        assertThat(rig.queue.inFlight()).isEqualTo(1);
        return sent;
    }

    @Test
    void hasTheArrowsOfItsDrawing() {
        final StringBuilder arrows = new StringBuilder();
        for (final BlkQueueState from : BlkQueueState.values()) {
            for (final BlkQueueState to : BlkQueueState.values()) {
                if (from.canBecome(to)) {
                    arrows.append(from).append('>').append(to).append(' ');
                }
            }
        }
        assertThat(arrows.toString().trim())
                .isEqualTo("STOPPED>RUNNING RUNNING>CHANGING RUNNING>STOPPING RUNNING>BROKEN CHANGING>RUNNING"
                        + " CHANGING>STOPPING CHANGING>BROKEN STOPPING>STOPPED BROKEN>STOPPING");
    }

    @ParameterizedTest
    @EnumSource
    void stopsAtOnceWhenNothingIsInFlight(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.queue.stop(this::stopped);
            assertThat(events).hasSize(1);
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPED);
            assertThat(rig.engine.watches(BlkRig.KICK_FD)).isFalse();
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
            assertThat(rig.poll()).isZero();
            assertThat(rig.queue.arm()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersWhatIsInFlightBeforeItStops(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.driver.enableCalls();
            final Sent read = sendDeferred(rig);
            final int calls = rig.call.count;
            rig.queue.stop(this::stopped);
            final Sent late = rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.poll();
            assertThat(events).isEmpty();
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPING);
            rig.volume.finishAll();
            assertThat(rig.queue.arm()).isFalse();
            rig.poll();
            assertThat(events).hasSize(1);
            assertThat(rig.driver.poll()).isEqualTo(read.id());
            assertThat(rig.call.count).isEqualTo(calls + 1);
            assertThat(rig.status(late)).as("not taken").isEqualTo(0xff);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void neitherAnswersNorTakesAnythingOnceItIsAbandonedAndLeavesItToTheNext(Ring ring) {
        try (BlkRig rig = new BlkRig(ring);
                Arena arena = Arena.ofConfined()) {
            rig.inflight = arena.allocate(64 + 32L * rig.size, 8);
            rig.start();
            rig.driver.enableCalls();
            final Sent read = sendDeferred(rig);
            final int calls = rig.call.count;
            rig.queue.abandon();
            final Sent late = rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.queue.inFlight()).isZero();
            rig.queue.stop(this::stopped);
            rig.poll();
            assertThat(events).hasSize(1);
            assertThat(rig.driver.poll()).isNegative();
            assertThat(rig.call.count).isEqualTo(calls);
            assertThat(rig.status(read)).as("not answered").isEqualTo(0xff);
            assertThat(rig.status(late)).as("not taken").isEqualTo(0xff);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();

            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            rig.start();
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(read.id());
            assertThat(rig.driver.poll()).isEqualTo(late.id());
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersNothingMoreIfItIsAbandonedWhileItStops(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final Sent read = sendDeferred(rig);
            rig.queue.stop(this::stopped);
            rig.queue.abandon();
            rig.poll();
            assertThat(events).as("the volume still uses the memory").isEmpty();
            rig.volume.finishAll();
            rig.poll();
            assertThat(events).hasSize(1);
            assertThat(rig.driver.poll()).isNegative();
            assertThat(rig.status(read)).isEqualTo(0xff);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheVolumeHoldsBackDoesNotKeepItFromStopping(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.volume.mode = FakeVolume.Mode.HELD_BACK;
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            rig.poll();
            assertThat(rig.queue.inFlight()).isEqualTo(1);
            rig.queue.stop(this::stopped);
            rig.poll();
            rig.poll();
            assertThat(events).hasSize(1);
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheVolumeHoldsBackIsNotDoneForWhoHasGone(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.volume.mode = FakeVolume.Mode.HELD_BACK;
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            rig.poll();
            rig.queue.abandon();
            assertThat(rig.volume.inFlight()).isZero();
            rig.queue.stop(this::stopped);
            rig.poll();
            rig.poll();
            assertThat(events).hasSize(1);
            assertThat(rig.status(read)).as("not answered").isEqualTo(0xff);
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesOnAtTheBaseItStoppedAt(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            final int[] base = new int[1];
            rig.queue.stop(value -> base[0] = value);
            final Sent waiting = rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.queue.start(rig.setup(rig.memory, base[0]));
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(waiting.id());
            assertThat(rig.status(waiting)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void swapsMemoryOnlyWhenNothingIsInFlight(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final Sent read = sendDeferred(rig);
            final GuestMemory next = rig.guest.memory();
            rig.queue.change(rig.setup(next, 0), this::acknowledged);
            final Sent later = rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.poll();
            assertThat(events).isEmpty();
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.CHANGING);
            assertThat(rig.volume.uses(rig.memory.table())).isEqualTo(1);
            rig.volume.finishAll();
            rig.poll();
            assertThat(events).containsExactly("acknowledged");
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.RUNNING);
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.status(later)).as("not taken before").isEqualTo(0xff);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
            assertThat(rig.volume.uses(next.table())).isEqualTo(1);
            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            rig.poll();
            assertThat(rig.status(later)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @Test
    void swapsMemoryAtOnceWhenNothingIsInFlight() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.queue.change(rig.setup(rig.guest.memory(), 0), this::acknowledged);
            assertThat(events).containsExactly("acknowledged");
            assertThat(rig.run(VIRTIO_BLK_T_IN, 0, 0, 512)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @Test
    void swapsSignalsUnderRequestsInFlight() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.driver.enableCalls();
            sendDeferred(rig);
            final CountingSignal other = new CountingSignal();
            rig.queue.change(with(rig.setup(), 8, other, true), this::acknowledged);
            assertThat(events).containsExactly("acknowledged");
            assertThat(rig.engine.watches(BlkRig.KICK_FD)).isFalse();
            assertThat(rig.engine.watches(8)).isTrue();
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.call.count).isZero();
            assertThat(other.count).isEqualTo(1);
        }
    }

    private static QueueSetup with(QueueSetup setup, int kickFd, CountingSignal call, boolean enabled) {
        return new QueueSetup(
                setup.index(),
                setup.size(),
                setup.features(),
                setup.memory(),
                setup.descriptorAddress(),
                setup.driverAddress(),
                setup.deviceAddress(),
                setup.base(),
                enabled,
                kickFd,
                call,
                setup.error(),
                setup.inflight(),
                setup.log(),
                setup.usedLogAddress());
    }

    @ParameterizedTest
    @EnumSource
    void takesNothingWhileDisabled(Ring ring) {
        try (BlkRig rig = new BlkRig(ring)) {
            rig.queue.start(rig.setup().withEnabled(false));
            final Sent flush = rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            assertThat(rig.poll()).isZero();
            assertThat(rig.queue.arm()).isTrue();
            rig.queue.disarm();
            rig.queue.change(rig.setup(), this::acknowledged);
            rig.poll();
            assertThat(rig.status(flush)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @Test
    void marksRequestsInFlightInALogThatIsSwitchedOnMeanwhile() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start();
                Arena arena = Arena.ofConfined()) {
            final Sent read = sendDeferred(rig);
            final MemorySegment bitmap = arena.allocate(64, 8);
            rig.log = new DirtyLog(bitmap);
            rig.queue.change(rig.setup(), this::acknowledged);
            assertThat(events).containsExactly("acknowledged");
            rig.volume.finishAll();
            rig.poll();
            final long page = read.writable() >>> 12;
            assertThat(bitmap.get(ValueLayout.JAVA_BYTE, page >>> 3) >> (page & 7) & 1)
                    .isEqualTo(1);
        }
    }

    @Test
    void acknowledgesAChangeThatAStopOvertakes() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            sendDeferred(rig);
            rig.queue.change(rig.setup(rig.guest.memory(), 0), this::acknowledged);
            rig.queue.stop(this::stopped);
            assertThat(events).isEmpty();
            rig.volume.finishAll();
            rig.poll();
            assertThat(events).containsExactly("acknowledged", "stopped 1");
        }
    }

    @Test
    void takesOneChangeAtATime() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            sendDeferred(rig);
            rig.queue.change(rig.setup(rig.guest.memory(), 0), this::acknowledged);
            assertThatThrownBy(() -> rig.queue.change(rig.setup(), this::acknowledged))
                    .isInstanceOf(IllegalStateException.class);
            rig.volume.finishAll();
        }
    }

    @Test
    void reportsAStopOfAStoppedQueue() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT)) {
            rig.queue.change(rig.setup(), this::acknowledged);
            rig.queue.stop(this::stopped);
            assertThat(events).containsExactly("acknowledged", "stopped 0");
        }
    }

    @Test
    void stopsADrainedQueueWithRequestsOfAnEarlierProcessOnlyAfterTheyAreAnswered() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT);
                Arena arena = Arena.ofConfined()) {
            rig.inflight = arena.allocate(16 + 16L * rig.size, 8);
            rig.start();
            final Sent read = sendDeferred(rig);
            rig.crash();
            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            rig.queue.start(rig.setup(rig.memory, 0).withEnabled(false));
            rig.poll();
            assertThat(rig.status(read)).isEqualTo(0xff);
            rig.queue.stop(this::stopped);
            assertThat(events).isEmpty();
            rig.poll();
            assertThat(events).containsExactly("stopped 1");
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void resubmitsWhatAnEarlierProcessLeft(Ring ring) {
        try (BlkRig rig = new BlkRig(ring);
                Arena arena = Arena.ofConfined()) {
            rig.inflight = arena.allocate(64 + 32L * rig.size, 8);
            rig.start();
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent first = rig.send(VIRTIO_BLK_T_IN, 1, 0, 512);
            final Sent second = rig.send(VIRTIO_BLK_T_IN, 2, 0, 512);
            rig.poll();
            rig.crash();
            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            rig.volume.journal().clear();
            rig.start();
            rig.poll();
            assertThat(rig.volume.journal()).containsExactly("READ 512 512", "READ 1024 512");
            assertThat(rig.driver.poll()).isEqualTo(first.id());
            assertThat(rig.driver.poll()).isEqualTo(second.id());
        }
    }

    @Test
    void breaksWhenTheNewMemoryDoesNotHoldTheRing() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.queue.change(rig.setup(GuestMemory.EMPTY, 0), this::acknowledged);
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.BROKEN);
            assertThat(events).containsExactly("acknowledged");
            assertThat(rig.faults).containsExactly(QueueFault.ADDRESS_OUTSIDE_MEMORY);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
            rig.queue.stop(this::stopped);
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPED);
        }
    }

    @Test
    void refusesARingThatCannotBeServedAndStaysStopped() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT)) {
            assertThatThrownBy(() -> rig.queue.start(rig.setup(GuestMemory.EMPTY, 0)))
                    .isInstanceOf(QueueSetupException.class);
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPED);
            assertThat(rig.volume.uses(GuestMemory.EMPTY.table())).isZero();
            rig.start();
        }
    }

    @Test
    void stopsTouchingMemoryThatWasTakenAway() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            final Sent slow = sendDeferred(rig);
            rig.volume.fault = new InternalError("a fault occurred in an unsafe memory access operation");
            final Sent cut = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            rig.poll();
            assertThat(rig.faults).containsExactly(QueueFault.MEMORY_LOST);
            assertThat(rig.queue.state()).isEqualTo(BlkQueueState.BROKEN);
            assertThat(rig.error.count).isEqualTo(1);
            assertThat(rig.volume.uses(rig.memory.table()))
                    .as("a request is in flight")
                    .isEqualTo(1);
            rig.volume.fault = null;
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(slow)).isEqualTo(0xff);
            assertThat(rig.status(cut)).isEqualTo(0xff);
            assertThat(rig.volume.uses(rig.memory.table())).isZero();
            rig.queue.stop(this::stopped);
            assertThat(events).hasSize(1);
            assertThat(rig.faults).hasSize(1);
            rig.newDriver();
            rig.start();
            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            assertThat(rig.run(VIRTIO_BLK_T_IN, 0, 0, 512)).isEqualTo(VIRTIO_BLK_S_OK);
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent[] all = new Sent[5];
            for (int i = 0; i < all.length; i++) {
                all[i] = rig.send(VIRTIO_BLK_T_IN, i, 0, 512);
            }
            rig.poll();
            rig.volume.finishAll();
            rig.poll();
            for (final Sent sent : all) {
                assertThat(rig.driver.poll()).isEqualTo(sent.id());
                assertThat(rig.status(sent))
                        .as("the lost request is back in the pool")
                        .isEqualTo(VIRTIO_BLK_S_OK);
            }
        }
    }
}
