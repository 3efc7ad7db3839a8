package io.basalt.endtoend.fuzz;

import io.basalt.virtio.queue.InflightLayout;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserException;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// A front end whose shared memory is wrong: the inflight region holds garbage, the dirty log is too small, regions
/// overlap, and files are truncated under the gate's mappings.
final class MemoryAttack implements Attack {
    private static final long LOG_BYTES = 256L << 10;

    private final FuzzedGate gate;
    private final OddDescriptors odd;
    private final Function<RandomGenerator, String> victims;

    /// @param victims draws the controller to go at
    MemoryAttack(FuzzedGate gate, OddDescriptors odd, Function<RandomGenerator, String> victims) {
        this.gate = gate;
        this.odd = odd;
        this.victims = victims;
    }

    @Override
    public void strike(RandomGenerator random) {
        try (GuestKit kit = new GuestKit(random, random.nextBoolean());
                WireClient client = WireClient.tryConnect(gate.socket(victims.apply(random)))) {
            if (client == null) {
                return;
            }
            try (FrontEndSession session = new FrontEndSession(random, kit, client)) {
                switch (random.nextInt(4)) {
                    case 0 -> inflight(random, kit, session);
                    case 1 -> log(random, session);
                    case 2 -> tables(random, kit, session);
                    default -> truncation(random, kit, session);
                }
            } catch (WireClient.HungUpException hungUp) {
                // A session whose memory cannot be used ends.
            } catch (VhostUserException refused) {
                // Or it is told so.
            }
        }
    }

    // ---- inflight region

    private static void inflight(RandomGenerator random, GuestKit kit, FrontEndSession session) {
        session.agree(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD);
        final boolean packed = (session.features() >>> VirtqueueSpec.VIRTIO_F_RING_PACKED & 1) != 0;
        final int queueCount = Chance.oneIn(random, 8) ? random.nextInt(1 << 16) : session.queueCount();
        final int queueSize = Chance.oneIn(random, 8) ? random.nextInt(1 << 16) : session.queueSize();
        final long needed = new InflightLayout(packed, session.queueCount(), session.queueSize()).regionBytes();
        try (GuestKit.MemoryFile file = GuestKit.MemoryFile.create(needed, random.nextBoolean())) {
            garbage(random, file.memory(), packed);
            final long said = Chance.oneIn(random, 8) ? Chance.number(random) : needed;
            final long offset = Chance.oneIn(random, 8) ? Chance.number(random) : 0;
            session.frontEnd().inflight(new VhostUserFrontEnd.Inflight(said, offset, queueCount, queueSize, file.fd()));
            session.frontEnd().memory(kit.regions());
            session.startRings();
            for (int count = random.nextInt(10); count > 0; count--) {
                final GuestRing ring = session.ring();
                switch (random.nextInt(4)) {
                    case 0 -> garbage(random, file.memory(), packed);
                    case 1 -> ring.damage(random);
                    default -> {
                        ring.add(random);
                        ring.publish();
                    }
                }
            }
            if (random.nextBoolean()) {
                file.truncate(random.nextBoolean() ? 0 : 4096);
                session.rings().forEach(ring -> ring.kick().signal());
            }
            session.stopSome();
        }
    }

    /// Bytes that a recovery may take for its own in most places.
    private static void garbage(RandomGenerator random, MemorySegment region, boolean packed) {
        final long entry = packed ? 32 : 16;
        for (long at = 0; at + entry <= region.byteSize(); at += entry) {
            switch (random.nextInt(4)) {
                case 0 -> region.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(2));
                case 1 -> region.set(ValueLayout.JAVA_SHORT, at + 2L * random.nextInt(8), (short) random.nextInt(300));
                case 2 -> region.set(ValueLayout.JAVA_LONG, at + 8, random.nextInt(1000));
                default -> {
                    if (Chance.oneIn(random, 8)) {
                        region.set(ValueLayout.JAVA_LONG, at, Chance.number(random));
                    }
                }
            }
        }
        region.set(ValueLayout.JAVA_SHORT, 8, (short) 1);
    }

    // ---- dirty log

    private void log(RandomGenerator random, FrontEndSession session) {
        session.agree(VhostUserSpec.PROTOCOL_F_LOG_SHMFD);
        session.start();
        try (GuestKit.MemoryFile file = GuestKit.MemoryFile.create(LOG_BYTES, random.nextBoolean())) {
            for (int count = random.nextInt(1, 6); count > 0; count--) {
                final long size = random.nextBoolean() ? LOG_BYTES : Chance.number(random);
                final long offset = random.nextBoolean() ? 0 : Chance.number(random);
                session.frontEnd().logBase(size, offset, Chance.oneIn(random, 6) ? odd.any(random) : file.fd());
                final boolean on = random.nextInt(4) > 0;
                session.frontEnd().features(session.features() | (on ? VhostUserSpec.VHOST_F_LOG_ALL : 0));
                for (final GuestRing ring : session.rings()) {
                    session.frontEnd().addresses(ring.description(0, on));
                    ring.add(random);
                    ring.publish();
                }
                if (Chance.oneIn(random, 3)) {
                    file.truncate(random.nextBoolean() ? 0 : 4096);
                    session.rings().forEach(ring -> ring.kick().signal());
                }
            }
            session.stopSome();
        }
    }

    // ---- memory tables

    private void tables(RandomGenerator random, GuestKit kit, FrontEndSession session) {
        session.agree(0);
        if (random.nextBoolean()) {
            session.start();
        }
        for (int count = random.nextInt(1, 8); count > 0 && !session.hungUp(); count--) {
            try {
                if (session.agreed(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
                    final VhostUserFrontEnd.Memory wrong = wrong(random, kit);
                    if (random.nextBoolean()) {
                        session.frontEnd().addMemory(wrong);
                    } else {
                        session.frontEnd()
                                .removeMemory(
                                        random.nextBoolean()
                                                ? wrong.region()
                                                : Chance.of(random, kit.regions())
                                                        .region());
                    }
                } else {
                    final List<VhostUserFrontEnd.Memory> table = new ArrayList<>(kit.regions());
                    for (int more = random.nextInt(1, 5); more > 0; more--) {
                        table.add(random.nextInt(table.size() + 1), wrong(random, kit));
                    }
                    session.frontEnd().memory(table);
                }
                session.frontEnd().barrier();
            } catch (VhostUserException refused) {
                // With acknowledgements the session goes on.
            }
            for (final GuestRing ring : session.rings()) {
                ring.add(random);
                ring.publish();
            }
        }
    }

    /// A region that is right but for one or two things, or not at all wrong.
    private VhostUserFrontEnd.Memory wrong(RandomGenerator random, GuestKit kit) {
        final VhostUserFrontEnd.Memory right = Chance.of(random, kit.regions());
        long guestAddress = right.region().guestAddress();
        long size = right.region().size();
        long userAddress = right.region().userAddress();
        long offset = 0;
        int fd = right.fd();
        for (int count = random.nextInt(1, 3); count > 0; count--) {
            switch (random.nextInt(7)) {
                case 0 -> guestAddress = Chance.number(random);
                case 1 -> guestAddress += random.nextLong(-4, 5) * 4096;
                case 2 -> size = Chance.number(random);
                case 3 -> size += random.nextLong(-4, 5) * 4096;
                case 4 -> userAddress = random.nextBoolean() ? Chance.number(random) : userAddress + 4096;
                case 5 -> offset = random.nextBoolean() ? Chance.number(random) : random.nextLong(0, 64) * 4096;
                default -> fd = odd.any(random);
            }
        }
        return new VhostUserFrontEnd.Memory(new RegionDescription(guestAddress, size, userAddress, offset), fd);
    }

    // ---- memory that goes away

    private static void truncation(RandomGenerator random, GuestKit kit, FrontEndSession session) {
        session.agree(0);
        session.start();
        session.serve();
        for (final GuestRing ring : session.rings()) {
            for (int count = random.nextInt(24); count > 0; count--) {
                ring.add(random);
            }
        }
        if (random.nextBoolean()) {
            session.rings().forEach(GuestRing::publish);
        }
        // From here on this side may not touch the memory either.
        kit.truncate(random, random.nextLong(GuestKit.FIRST_BYTES / 4096) * 4096);
        session.rings().forEach(ring -> ring.kick().signal());
        if (random.nextBoolean()) {
            kit.truncate(random, GuestKit.FIRST_BYTES);
            session.rings().forEach(ring -> ring.kick().signal());
        }
        session.frontEnd().barrier();
        if (random.nextBoolean()) {
            session.stopSome();
        }
    }
}
