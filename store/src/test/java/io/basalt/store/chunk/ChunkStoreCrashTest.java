package io.basalt.store.chunk;

import io.basalt.testkit.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Random requests, crashes and faults against the model. See [CrashRun].
class ChunkStoreCrashTest {
    /// How many sequences of requests, each ended by a crash and looked at after recovery, a soak makes.
    private static final String SOAK_PROPERTY = "basalt.chunk.soak";

    private static final int RUNS = Integer.getInteger("basalt.chunk.runs", 100);

    @Test
    void keepsEveryAcknowledgedWriteOverCrashesAtRandom() {
        runs(RUNS, new CrashRun.Plan(600, 80, 0, false, true));
    }

    @Test
    void keepsEveryAcknowledgedWriteOverCrashesAndDeviceErrors() {
        runs(RUNS, new CrashRun.Plan(600, 80, 0, true, true));
    }

    @Test
    void recoversFromACrashAtEveryEvent() {
        final long seed = Seeds.next();
        for (int event = 1; event <= 150; event++) {
            run(seed, new CrashRun.Plan(event + 40, 0, event, false, true));
        }
    }

    @Test
    void survivesLongRunsWithFewCrashes() {
        runs(RUNS / 50, new CrashRun.Plan(12_000, 4_000, 0, false, true));
    }

    /// Each of these has found a mistake: a lost record whose number was spent, a torn page that no record
    /// explained, a shard's slots that outlived the record that freed them, waits that nothing ended,
    /// reads of a failed store that waited for what only a working one gives back, and a page torn by
    /// recovery that was taken for a rotten one.
    @Test
    void passesTheSequencesThatOnceFailed() {
        run(0x9f7e07eeb198353fL, new CrashRun.Plan(800, 36, 0, true, false));
        run(0x1ebb218ddec9934bL, new CrashRun.Plan(800, 19, 0, false, false));
        run(0xcb99ffddf7b943a6L, new CrashRun.Plan(600, 80, 0, true, false));
        run(0xc82c667d8e32eebcL, new CrashRun.Plan(800, 65, 0, true, false));
        run(0x23be0e279bd5616eL, new CrashRun.Plan(800, 58, 0, true, false));
        run(0x98fc00a21c05cc41L, new CrashRun.Plan(800, 48, 0, false, false));
        run(0xec27c401ef1fb510L, new CrashRun.Plan(800, 36, 0, true, false));
        run(0x57dad1206a8bd154L, new CrashRun.Plan(800, 50, 0, false, false));
    }

    @Test
    @Tag("soak")
    void soak() {
        final int wanted = Integer.getInteger(SOAK_PROPERTY, 1_000_000);
        final SplittableRandom seeds = new SplittableRandom(Seeds.next());
        int sequences = 0;
        long runs = 0;
        while (sequences < wanted) {
            final long seed = seeds.nextLong();
            final int crashEvery = 10 + (int) (seed >>> 9 & 63);
            sequences += run(seed, new CrashRun.Plan(800, crashEvery, 0, (seed & 1 << 20) != 0, (seed & 3 << 21) != 0));
            runs++;
            if (runs % 1000 == 0) {
                System.out.println("soak: " + runs + " runs, " + sequences + " sequences that ended in a crash");
            }
        }
    }

    private static void runs(int count, CrashRun.Plan plan) {
        final SplittableRandom seeds = new SplittableRandom(Seeds.next());
        for (int i = 0; i < (Seeds.replaying() ? 1 : count); i++) {
            run(Seeds.replaying() ? Seeds.next() : seeds.nextLong(), plan);
        }
    }

    /// @return crashes
    private static int run(long seed, CrashRun.Plan plan) {
        try {
            return new CrashRun(seed, plan).run();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + Seeds.text(seed) + ", " + plan + ": " + e.getMessage(), e);
        }
    }
}
