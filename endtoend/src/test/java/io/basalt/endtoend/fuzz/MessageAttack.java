package io.basalt.endtoend.fuzz;

import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// Damaged handshakes, over rings full of random bytes. Whatever the gate answers is right as long as it stays
/// alive: that others are served is for them to find out.
final class MessageAttack implements Attack {
    private static final int ANSWER_WAIT_MS = 50;
    private static final int PATIENCE = 2;
    private static final long EXTRA_BYTES = 1 << 20;

    private final FuzzedGate gate;
    private final OddDescriptors odd;
    private final Function<RandomGenerator, String> victims;

    /// @param victims draws the controller to go at
    MessageAttack(FuzzedGate gate, OddDescriptors odd, Function<RandomGenerator, String> victims) {
        this.gate = gate;
        this.odd = odd;
        this.victims = victims;
    }

    @Override
    public void strike(RandomGenerator random) {
        try (GuestKit kit = new GuestKit(random, random.nextBoolean());
                GuestKit.MemoryFile extra = GuestKit.MemoryFile.create(EXTRA_BYTES, random.nextBoolean());
                WireClient client = WireClient.tryConnect(gate.socket(victims.apply(random)))) {
            if (client == null) {
                return;
            }
            if (random.nextBoolean()) {
                scribble(random, kit);
            }
            final List<Step> steps = Handshake.draw(random, kit, extra.fd());
            final HandshakeDamage damage = new HandshakeDamage(random, odd);
            damage.apply(steps);
            play(client, steps, damage);
            kit.kick(random.nextInt(GuestKit.QUEUES_MAX)).signal();
            client.drain(random.nextInt(3));
        }
    }

    private static void scribble(RandomGenerator random, GuestKit kit) {
        final byte[] bytes = new byte[4096];
        for (int count = random.nextInt(8); count > 0; count--) {
            random.nextBytes(bytes);
            final long at = random.nextLong((GuestKit.DATA_OFFSET - bytes.length) / 16) * 16;
            kit.first().asSlice(at, bytes.length).copyFrom(java.lang.foreign.MemorySegment.ofArray(bytes));
        }
    }

    private static void play(WireClient client, List<Step> steps, HandshakeDamage damage) {
        int unanswered = 0;
        for (final Step step : steps) {
            int[] fds = step.fds();
            for (final byte[] piece : damage.pieces(step.bytes())) {
                if (!client.trySend(piece, fds)) {
                    return;
                }
                fds = new int[0];
            }
            final int received = client.drain(step.answered() && unanswered < PATIENCE ? ANSWER_WAIT_MS : 0);
            if (received < 0) {
                return;
            }
            unanswered += step.answered() && received == 0 ? 1 : 0;
        }
    }
}
