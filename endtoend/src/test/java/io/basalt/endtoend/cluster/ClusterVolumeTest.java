package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.VolumeChannel;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.net.CallStatus;
import io.basalt.reactor.Reactor;
import io.basalt.testkit.Seeds;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The gate's cluster volume over TCP, with the real metaserver and three real chunk servers in this process.
@Timeout(1200)
class ClusterVolumeTest {
    private static final int DEPTH = 16;
    private static final int REQUESTS = 3_000;
    private static final int SLOT = 1 << 20;

    @TempDir
    private Path folder = Path.of("");

    @Test
    void readsBackWhatWasWrittenAlsoWhenConnectionsAreLostUnderLoad() {
        final long seed = Seeds.next();
        System.out.println("seed " + Seeds.text(seed));
        try (ClusterBox box = new ClusterBox(folder)) {
            final ClusterVolume volume = box.volume("vm1", 64L << 20);
            assertThat(volume.state()).isEqualTo(VolumeState.ATTACHED);
            final Reactor reactor = box.data.reactor();
            final VolumeChannel channel = ClusterBox.on(reactor, done -> done.complete(volume.openChannel(reactor)));

            final VerifiedLoad calm = load(reactor, channel, seed);
            final long cpuNs = box.data.cpuClock().nowNs();
            final int first = run(box, volume, calm, _ -> {});
            report("undisturbed", calm, volume, (box.data.cpuClock().nowNs() - cpuNs) / first);

            final VerifiedLoad disturbed = calm;
            final int second = run(box, volume, again(reactor, disturbed), box::loseConnectionsUntilDone);
            assertThat(second).isGreaterThan(first);
            assertThat(volume.counters().of(CallStatus.DISCONNECTED)).isPositive();
            report("connections are lost", disturbed, volume, 0);
            assertThat(volume.counters().of(Event.FAILED)).isZero();

            ClusterBox.<Boolean>on(reactor, done -> {
                calm.close();
                channel.close();
                done.complete(true);
            });
            box.detach(volume);
            assertThat(volume.state()).isEqualTo(VolumeState.DETACHED);
        }
    }

    private static VerifiedLoad load(Reactor reactor, VolumeChannel channel, long seed) {
        return ClusterBox.on(
                reactor, done -> done.complete(new VerifiedLoad(reactor, channel, Seeds.random(seed), DEPTH, SLOT)));
    }

    private static VerifiedLoad again(Reactor reactor, VerifiedLoad load) {
        return ClusterBox.on(reactor, done -> {
            load.reset();
            done.complete(load);
        });
    }

    private static int run(
            ClusterBox box, ClusterVolume volume, VerifiedLoad load, Consumer<CompletableFuture<Integer>> meanwhile) {
        final CompletableFuture<Integer> finished =
                ClusterBox.on(box.data.reactor(), done -> done.complete(load.run(REQUESTS)));
        meanwhile.accept(finished);
        try {
            return ClusterBox.await(finished);
        } catch (AssertionError failure) {
            System.out.println(box.describe(volume));
            throw failure;
        }
    }

    private static void report(String what, VerifiedLoad load, ClusterVolume volume, long cpuNs) {
        final ClusterCounters counters = volume.counters();
        System.out.println(what + ": longest request " + load.longestNs() / 1_000_000 + " ms, pieces "
                + counters.of(Event.PIECES) + ", sent " + counters.of(Event.SENT) + ", retried "
                + counters.of(Event.RETRIED) + (cpuNs == 0 ? "" : ", gate CPU per request " + cpuNs / 1000 + " us"));
    }
}
