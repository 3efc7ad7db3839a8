package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.service.MetaWorld.Node;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.NodeRecord;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.sim.SimFaults;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Attachments while connections break, hosts are cut off, chunk servers are slow to acknowledge and the
/// metaserver starts again. Safety: whenever a grant arrives, every chunk server that is up knows of it
/// (S9), and no two gates are granted the same generation. Liveness: once all is well again, everybody
/// knows everything.
class MetaFaultsTest {
    private static final int STEPS = 60;
    private static final int VOLUMES = 5;
    private static final long MILLISECOND_NS = 1_000_000;
    private static final List<String> HOSTS = List.of("chunk-1", "chunk-2", "chunk-3", "gate-1", "gate-2");

    @Test
    void noGrantPrecedesTheFenceWhateverFails() {
        SeededTest.run(25, random -> {
            try (MetaWorld world = new MetaWorld(random)) {
                new Run(world, random).play();
            }
        });
    }

    private static final class Run {
        private final MetaWorld world;
        private final RandomGenerator random;
        private final long[] granted = new long[VOLUMES + 1];
        private int asked;
        private int over;

        private Run(MetaWorld world, RandomGenerator random) {
            this.world = world;
            this.random = random;
        }

        private void play() {
            world.cluster();
            world.gate(2, 200);
            world.until("the second gate is up", world::settled);
            for (int number = 1; number <= VOLUMES; number++) {
                world.service()
                        .propose(
                                new MetaCommand.CreateVolume(
                                        RequestId.NONE, "vm" + number, 1L << 30, 1 << 20, 4096, "ssd", "", 1),
                                result -> assertThat(result.done()).isTrue());
            }
            world.until("the volumes are made", () -> world.service().state().volumeCount() == VOLUMES);
            world.network.faults(SimFaults.NONE.withBreaks(2000));
            for (int step = 0; step < STEPS; step++) {
                step();
                world.pass(random.nextInt(300) * MILLISECOND_NS);
            }
            heal();
        }

        private void step() {
            final String host = HOSTS.get(random.nextInt(HOSTS.size()));
            switch (random.nextInt(8)) {
                case 0 -> world.network.disconnect(host, "meta");
                case 1 -> world.network.partition(host, "meta", true);
                case 2 -> world.network.partition("meta", host, true);
                case 3 -> world.network.heal();
                case 4 -> world.node("chunk-" + (1 + random.nextInt(3))).holdsAcknowledgements = true;
                case 5 -> world.node("chunk-" + (1 + random.nextInt(3))).releaseAcknowledgements();
                case 6 -> {
                    if (random.nextInt(4) == 0) {
                        world.restartService();
                    }
                }
                default -> attach();
            }
            attach();
        }

        private void attach() {
            final Node gate = world.node("gate-" + (1 + random.nextInt(2)));
            final int number = 1 + random.nextInt(VOLUMES);
            asked++;
            gate.client.attach("vm" + number, random.nextBoolean(), new MetaReply<>() {
                @Override
                public void done(VolumeRecord volume) {
                    over++;
                    check(volume);
                }

                @Override
                public void refused(MetaCode code, String reason) {
                    over++;
                    assertThat(code).isIn(MetaCode.ATTACHED, MetaCode.FENCED, MetaCode.UNAVAILABLE);
                }
            });
        }

        private void check(VolumeRecord volume) {
            final int number = (int) volume.volumeId();
            assertThat(volume.generation()).isNotEqualTo((int) granted[number]);
            granted[number] = Math.max(granted[number], volume.generation());
            for (int chunk = 1; chunk <= 3; chunk++) {
                final NodeRecord node =
                        Objects.requireNonNull(world.service().state().node(chunk));
                if (node.up()) {
                    assertThat(world.node("chunk-" + chunk).generations.getOrDefault(volume.volumeId(), 0))
                            .as("what chunk-" + chunk + " knows of volume " + volume.name())
                            .isGreaterThanOrEqualTo(volume.generation());
                }
            }
        }

        private void heal() {
            world.network.faults(SimFaults.NONE);
            world.network.heal();
            HOSTS.forEach(host -> world.node(host).releaseAcknowledgements());
            world.until("every request is over", () -> over == asked);
            world.until("everything is up", world::settled);
            world.until("every chunk server knows every generation", this::known);
        }

        private boolean known() {
            for (int chunk = 1; chunk <= 3; chunk++) {
                for (final VolumeRecord volume : world.service().state().volumes()) {
                    if (world.node("chunk-" + chunk).generations.getOrDefault(volume.volumeId(), 0)
                            != volume.generation()) {
                        return false;
                    }
                }
            }
            return true;
        }
    }
}
