package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.placement.ClusterMap;
import io.basalt.testkit.Await;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A chunk server that is stopped hands over first. Its metaserver would take half a minute to find out by itself.
class HandOverTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int ATTEMPTS = 5;
    private static final MetaServiceOptions SLOW_TO_NOTICE = MetaServiceOptions.DEFAULT
            .withTimes(SECOND_NS / 10, 30 * SECOND_NS, SECOND_NS / 20)
            .withFailureTimes(30 * SECOND_NS, 600 * SECOND_NS);

    @TempDir
    Path folder;

    /// A stop does not wait for long: on a busy machine the time for a hand-over can be over before it is.
    @Test
    void aServerThatIsStoppedHasHandedOverWhenItIsGone() {
        int left = 0;
        for (int attempt = 0; attempt < ATTEMPTS && left < ClusterBox.PGS; attempt++) {
            left = leftByAStop(folder.resolve("attempt-" + attempt));
        }
        assertThat(left).isEqualTo(ClusterBox.PGS);
    }

    /// @return placement groups that the server which was stopped had left when it was gone
    private static int leftByAStop(Path folder) {
        try (ClusterBox box = new ClusterBox(folder, SLOW_TO_NOTICE)) {
            Await.until(
                    "the set is laid out",
                    () -> !box.map().devices().isEmpty() && box.map().epoch(0) != 0);
            box.volume("vm1", 16 << 20);
            Await.until(
                    "every server is known to be there",
                    () -> box.chunks.stream().allMatch(each -> each.isRegistered()));
            box.chunks.removeLast().close();
            final ClusterMap map = box.map();
            int left = 0;
            for (int pg = 0; pg < map.pgCount(); pg++) {
                left += map.pgTable().inSyncCount(pg) == 2 ? 1 : 0;
            }
            return left;
        }
    }
}
