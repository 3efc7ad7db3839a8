package io.basalt.endtoend.fuzz;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.virtio.vhostuser.VhostUserException;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/// One session of a front end that knows the protocol: begun by the book, and what comes after is for the
/// attack to say.
final class FrontEndSession implements AutoCloseable {
    private static final long PAUSE_NS = 50_000;

    private final RandomGenerator random;
    private final GuestKit kit;
    private final WireClient client;
    private final VhostUserFrontEnd frontEnd;
    private final List<GuestRing> rings = new ArrayList<>();
    private final int queueCount;
    private final int queueSize;
    private long features;
    private int ownFd = -1;

    FrontEndSession(RandomGenerator random, GuestKit kit, WireClient client) {
        this.random = random;
        this.kit = kit;
        this.client = client;
        this.frontEnd = new VhostUserFrontEnd(client);
        this.queueCount = random.nextInt(1, GuestKit.QUEUES_MAX + 1);
        this.queueSize = Handshake.queueSize(random);
    }

    /// Agrees on features.
    ///
    /// @param needed protocol features that must be among them
    void agree(long needed) {
        try {
            frontEnd.connect(Handshake.protocolFeatures(random) | needed, -1);
            features = frontEnd.features(Handshake.features(random));
        } catch (VhostUserException refused) {
            throw new AssertionError("the gate refuses a right handshake: " + refused.getMessage(), refused);
        }
    }

    /// Hands over memory, perhaps an inflight region, and starts the rings.
    void start() {
        try {
            if (agreed(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)) {
                ownFd = frontEnd.createInflight(queueCount, queueSize).fd();
            }
            frontEnd.memory(kit.regions());
            startRings();
            frontEnd.status(15);
            frontEnd.barrier();
        } catch (VhostUserException refused) {
            throw new AssertionError("the gate refuses a right start: " + refused.getMessage(), refused);
        }
    }

    /// Starts the rings, all or none of which the gate may refuse.
    void startRings() {
        for (int index = 0; index < queueCount; index++) {
            final GuestRing ring = new GuestRing(index, kit, queueSize, features);
            rings.add(ring);
            frontEnd.startRing(ring.description());
            frontEnd.enableRing(index, true);
        }
    }

    /// Has requests served on every ring as it should be.
    ///
    /// @throws AssertionError if one is not answered
    void serve() {
        for (final GuestRing ring : rings) {
            int open = 0;
            for (int count = random.nextInt(1, 9); count > 0 && ring.add(random); count--) {
                open++;
            }
            ring.publish();
            final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WireClient.ANSWER_BOUND_MS);
            while (open > 0) {
                if (ring.poll() >= 0) {
                    open--;
                } else if (client.hungUp()) {
                    throw new WireClient.HungUpException("with requests open");
                } else if (System.nanoTime() - end > 0) {
                    throw new AssertionError(open + " requests of an undamaged ring are not answered");
                } else {
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        }
    }

    GuestRing ring() {
        return Chance.of(random, rings);
    }

    List<GuestRing> rings() {
        return rings;
    }

    VhostUserFrontEnd frontEnd() {
        return frontEnd;
    }

    int queueCount() {
        return queueCount;
    }

    int queueSize() {
        return queueSize;
    }

    long features() {
        return features;
    }

    boolean agreed(long protocolFeature) {
        return (frontEnd.protocolFeatures() & protocolFeature) != 0;
    }

    boolean hungUp() {
        return client.hungUp();
    }

    /// Stops some of the rings, the right way.
    void stopSome() {
        for (final GuestRing ring : rings) {
            if (random.nextBoolean()) {
                frontEnd.stopRing(ring.index());
            }
        }
    }

    @Override
    public void close() {
        if (ownFd >= 0) {
            FileDescriptor.close(ownFd);
            ownFd = -1;
        }
    }
}
