package io.basalt.endtoend.fuzz;

import io.basalt.virtio.vhostuser.VhostUserException;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// A front end whose rings work, and then go wrong while the gate looks at them, with control messages in between.
final class RingAttack implements Attack {
    private final FuzzedGate gate;
    private final Function<RandomGenerator, String> victims;
    private final boolean undisturbed;

    /// @param victims draws the controller to go at
    /// @param undisturbed whether nobody else takes controllers away, so that the gate has no reason to hang up
    RingAttack(FuzzedGate gate, Function<RandomGenerator, String> victims, boolean undisturbed) {
        this.gate = gate;
        this.victims = victims;
        this.undisturbed = undisturbed;
    }

    @Override
    public void strike(RandomGenerator random) {
        try (GuestKit kit = new GuestKit(random, false);
                WireClient client = WireClient.tryConnect(gate.socket(victims.apply(random)))) {
            if (client == null) {
                return;
            }
            boolean taken = false;
            try (FrontEndSession session = new FrontEndSession(random, kit, client)) {
                session.agree(0);
                taken = true;
                session.start();
                session.serve();
                damage(random, kit, session);
            } catch (WireClient.HungUpException hungUp) {
                // Not taken: two others were there.
                if (undisturbed && taken) {
                    throw new AssertionError("the gate hangs up on a front end whose messages are right", hungUp);
                }
            }
        }
    }

    private static void damage(RandomGenerator random, GuestKit kit, FrontEndSession session) {
        for (int count = random.nextInt(40); count > 0; count--) {
            final GuestRing ring = session.ring();
            switch (random.nextInt(10)) {
                case 0 -> ring.flicker(random);
                case 1, 2 -> {
                    if (ring.add(random)) {
                        ring.publish();
                    }
                }
                case 3 -> control(random, kit, session, ring);
                default -> ring.damage(random);
            }
            if (random.nextBoolean()) {
                ring.kick().signal();
            }
        }
        if (random.nextBoolean()) {
            session.stopSome();
        }
    }

    /// A right message at a time when the ring may be wrong: refused or not, it is answered.
    private static void control(RandomGenerator random, GuestKit kit, FrontEndSession session, GuestRing ring) {
        final VhostUserFrontEnd frontEnd = session.frontEnd();
        try {
            switch (random.nextInt(9)) {
                case 0 -> frontEnd.enableRing(ring.index(), random.nextBoolean());
                case 1 ->
                    frontEnd.eventFd(
                            VhostUserSpec.SET_VRING_CALL,
                            ring.index(),
                            random.nextBoolean() ? kit.call(0).fd() : -1);
                case 2 ->
                    frontEnd.eventFd(
                            VhostUserSpec.SET_VRING_KICK,
                            ring.index(),
                            ring.kick().fd());
                case 3 -> frontEnd.config(random.nextInt(1, 257));
                case 4 -> frontEnd.addresses(ring.description());
                case 5 -> {
                    final int base = frontEnd.stopRing(ring.index());
                    frontEnd.startRing(ring.description(Chance.oneIn(random, 4) ? random.nextInt() : base, false));
                }
                case 6 -> {
                    if (session.agreed(VhostUserSpec.PROTOCOL_F_RESET_DEVICE)) {
                        frontEnd.reset();
                    }
                }
                case 7 -> {
                    if (!session.agreed(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
                        frontEnd.memory(
                                random.nextBoolean()
                                        ? kit.regions()
                                        : List.of(kit.regions().getFirst()));
                    }
                }
                default -> frontEnd.status(random.nextInt(16));
            }
            frontEnd.barrier();
        } catch (VhostUserException refused) {
            // Said so in an answer, as it should be.
        }
    }
}
