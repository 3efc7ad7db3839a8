package io.basalt.endtoend.fuzz;

import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A whole gate under attack by hostile guests, hostile front ends and broken management clients, while a
/// neighbour works.
class GateFuzzTest {
    @Test
    @Timeout(1200)
    void oneMinute() throws IOException, InterruptedException {
        attack(Duration.ofSeconds(48), Duration.ofSeconds(4));
    }

    @Test
    @Tag("soak")
    @Timeout(2700)
    void tenMinutes() throws IOException, InterruptedException {
        attack(Duration.ofMinutes(10), Duration.ofSeconds(15));
    }

    private static void attack(Duration total, Duration phase) throws IOException, InterruptedException {
        final long seed = Seeds.next();
        System.out.println("fuzz: -D" + Seeds.PROPERTY + "=" + Seeds.text(seed));
        try (Campaign campaign = Campaign.start(seed)) {
            campaign.run(total, phase);
            campaign.finish();
        }
    }
}
