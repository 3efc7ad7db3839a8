package io.basalt.endtoend.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// Many connections to one controller at once, each with the beginning of a handshake or with nothing, closed in
/// any order.
final class StormAttack implements Attack {
    private static final int CONNECTIONS_MAX = 24;

    private final FuzzedGate gate;
    private final OddDescriptors odd;
    private final Function<RandomGenerator, String> victims;

    /// @param victims draws the controller to go at
    StormAttack(FuzzedGate gate, OddDescriptors odd, Function<RandomGenerator, String> victims) {
        this.gate = gate;
        this.odd = odd;
        this.victims = victims;
    }

    @Override
    public void strike(RandomGenerator random) {
        final String victim = victims.apply(random);
        final List<WireClient> clients = new ArrayList<>();
        try (GuestKit kit = new GuestKit(random, false)) {
            final List<Step> steps = Handshake.draw(random, kit, odd.any(random));
            for (int count = random.nextInt(1, CONNECTIONS_MAX); count > 0; count--) {
                final WireClient client = WireClient.tryConnect(gate.socket(victim));
                if (client != null) {
                    clients.add(client);
                    begin(random, client, steps);
                }
            }
            Collections.shuffle(clients, Random.from(random));
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    private static void begin(RandomGenerator random, WireClient client, List<Step> steps) {
        for (int step = 0; step < random.nextInt(steps.size() + 1); step++) {
            final byte[] bytes = steps.get(step).bytes();
            final byte[] sent =
                    Chance.oneIn(random, 8) ? Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1) : bytes;
            if (!client.trySend(sent, steps.get(step).fds())) {
                return;
            }
        }
    }
}
