package io.basalt.gate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.handover.HandEngine;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.Signal;
import io.basalt.store.NullVolume;
import io.basalt.testkit.ManualClock;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A queue between two data reactors, all in the test's thread: what is asked of it in which order.
class QueuePlaceTest {
    private static final long GUEST_ADDRESS = 0x10_0000;
    private static final long USER_ADDRESS = 0x7000_0000_0000L;
    private static final int QUEUE_SIZE = 16;
    private static final int KICK_FD = 7;
    private static final int BLOCK_BYTES = 4096;
    private static final long BLOCKS = 256;

    private final ManualClock clock = new ManualClock(1);
    private final Reactor control = reactor("control", 2);
    private final Reactor one = reactor("one", 0);
    private final Reactor other = reactor("other", 1);
    private final List<String> heard = new ArrayList<>();
    private final Arena arena = Arena.ofShared();
    private VolumeRegistry volumes;
    private VolumeClaim claim;
    private List<QueueHome> homes;
    private QueuePlace place;

    private Reactor reactor(String name, int id) {
        return new Reactor(
                ReactorConfiguration.of(name, id),
                clock::nanoTime,
                new HandEngine(),
                () -> true,
                (where, source, fault) -> {
                    throw new AssertionError(where + ": " + source + " failed", fault);
                });
    }

    @BeforeEach
    void startOnTheFirstReactor() {
        volumes = new VolumeRegistry(
                (spec, _) -> new NullVolume(spec.name(), BLOCKS * BLOCK_BYTES, BLOCK_BYTES), clock::nanoTime);
        volumes.create(new VolumeSpec.Null("disk", VolumeSpec.derivedUuid("disk"), BLOCK_BYTES, BLOCKS));
        claim = volumes.claim("disk", "this test", false, _ -> {});
        final ControllerSpec spec =
                new ControllerSpec("vm", "disk", Path.of("/vm"), ControllerSpec.Mode.SERVER, false, true, "", 1);
        homes = new BlkBackend(spec, claim, List.of(one, other), 1, RingListener.NONE).homes();
        place = new QueuePlace(
                control,
                (_, fault) -> heard.add("broken " + fault),
                setup(),
                homes.get(0),
                slot -> heard.add("placed on " + slot.reactor().name()));
        place.start(refusal -> heard.add("started " + refusal));
        turn();
        assertThat(heard).containsExactly("placed on one", "started null");
        heard.clear();
    }

    @AfterEach
    void giveEverythingBack() {
        claim.close();
        volumes.close();
        arena.close();
    }

    private QueueSetup setup() {
        final long features = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1;
        final MemorySegment memory = arena.allocate(64 << 10, BLOCK_BYTES);
        final DriverQueue ring = DriverQueue.create(memory, GUEST_ADDRESS, 0, QUEUE_SIZE, features, 0);
        return new QueueSetup(
                0,
                QUEUE_SIZE,
                features,
                GuestMemory.of(List.of(new GuestRegion(GUEST_ADDRESS, USER_ADDRESS, memory))),
                user(ring.descriptorAddress()),
                user(ring.driverAddress()),
                user(ring.deviceAddress()),
                0,
                true,
                KICK_FD,
                Signal.NONE,
                () -> heard.add("error"),
                null,
                null,
                -1);
    }

    private static long user(long guestAddress) {
        return guestAddress - GUEST_ADDRESS + USER_ADDRESS;
    }

    /// Every reactor does what it was asked for, and what that asked for.
    private void turn() {
        for (int pass = 0; pass < 10; pass++) {
            for (final Reactor each : List.of(control, one, other)) {
                each.runOnce();
            }
        }
    }

    private void moveToTheOther() {
        place.move(homes.get(1), refusal -> heard.add("moved " + refusal));
    }

    private void stop() {
        place.stop(base -> heard.add("stopped at " + base));
    }

    @Test
    void movesToAnotherReactorAndStopsThere() {
        moveToTheOther();
        turn();
        assertThat(heard).containsExactly("placed on other", "moved null");
        assertThat(place.moves()).isEqualTo(1);
        assertThat(place.slot().queue()).isNotNull();

        stop();
        turn();
        assertThat(heard).endsWith("stopped at 0");
        assertThat(place.slot().queue()).isNull();
    }

    @Test
    void aStopThatIsAskedForDuringAMoveComesAfterIt() {
        moveToTheOther();
        stop();
        turn();
        assertThat(heard).containsExactly("placed on other", "moved null", "stopped at 0");
        assertThat(place.slot().queue()).isNull();
    }

    /// Started again it would use memory that its session gives up when it has heard of the stop.
    @Test
    void doesNotMoveOnceItWasAskedToStop() {
        stop();
        moveToTheOther();
        turn();
        assertThat(heard).containsExactly("moved queue 0 is about to stop", "stopped at 0");
        assertThat(place.moves()).isZero();
        assertThat(place.slot().queue()).as("runs again").isNull();
    }

    @Test
    void doesNotMoveOnceItIsAbandoned() {
        place.abandon();
        moveToTheOther();
        stop();
        turn();
        assertThat(heard).containsExactly("moved queue 0 is about to stop", "stopped at 0");
        assertThat(place.slot().queue()).isNull();
    }

    @Test
    void doesNotRunAgainIfItIsAbandonedOnItsWay() {
        moveToTheOther();
        place.abandon();
        stop();
        turn();
        assertThat(heard).contains("moved queue 0 has ended on its way").endsWith("stopped at 0");
        assertThat(heard).doesNotContain("placed on other");
        assertThat(place.slot().queue()).isNull();
    }
}
