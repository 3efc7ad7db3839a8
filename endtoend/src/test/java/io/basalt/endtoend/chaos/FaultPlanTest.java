package io.basalt.endtoend.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.chaos.proxy.WireFault;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
    private static final List<String> SERVERS = List.of("a", "b", "c");
    private static final FaultPlan.Wish WISH = new FaultPlan.Wish(
            Map.of(FaultKind.KILL, 5, FaultKind.POWER_CUT, 2, FaultKind.WIRE, 40),
            List.of(WireFault.FLIP, WireFault.DROP),
            1_000_000_000L,
            2_000_000_000L,
            0);

    @Test
    void hasWhatWasWishedFor() {
        final FaultPlan plan = FaultPlan.draw(7, WISH, SERVERS);
        assertThat(plan.faults()).hasSize(47);
        assertThat(plan.faults().stream().filter(each -> each.kind() == FaultKind.KILL))
                .hasSize(5)
                .allSatisfy(each -> assertThat(SERVERS).contains(each.target()));
        assertThat(plan.faults().stream().filter(each -> each.kind() == FaultKind.WIRE))
                .allSatisfy(each -> {
                    assertThat(each.wire()).isIn(WireFault.FLIP, WireFault.DROP);
                    assertThat(each.from()).isNotEmpty().isNotEqualTo(each.target());
                });
    }

    @Test
    void isTheSameFromTheSameSeedOnly() {
        assertThat(FaultPlan.draw(7, WISH, SERVERS)).isEqualTo(FaultPlan.draw(7, WISH, SERVERS));
        assertThat(FaultPlan.draw(8, WISH, SERVERS)).isNotEqualTo(FaultPlan.draw(7, WISH, SERVERS));
    }
}
