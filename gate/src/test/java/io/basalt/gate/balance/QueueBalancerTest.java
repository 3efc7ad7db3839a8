package io.basalt.gate.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QueueBalancerTest {
    private static final BalanceSettings SETTINGS = BalanceSettings.DEFAULT;

    private final QueueBalancer balancer = new QueueBalancer();

    private static List<ReactorLoad> reactors(double... busy) {
        final List<ReactorLoad> loads = new ArrayList<>();
        for (int id = 0; id < busy.length; id++) {
            loads.add(new ReactorLoad(id, busy[id]));
        }
        return loads;
    }

    private static QueueLoad queue(int number, int reactor, double cost) {
        return new QueueLoad("vm", number, reactor, cost);
    }

    private @Nullable QueueMove look(int times, List<ReactorLoad> reactors, QueueLoad... queues) {
        QueueMove found = null;
        for (int i = 0; i < times; i++) {
            assertThat(found).as("look %d", i).isNull();
            found = balancer.look(SETTINGS, reactors, List.of(queues));
        }
        return found;
    }

    private QueueMove found(int times, List<ReactorLoad> reactors, QueueLoad... queues) {
        return Objects.requireNonNull(look(times, reactors, queues));
    }

    @Test
    void movesTheQueueThatLeavesBothReactorsMostAlike() {
        final QueueMove move = look(5, reactors(1.0, 0.1), queue(0, 0, 60), queue(1, 0, 40), queue(2, 1, 10));
        assertThat(move).isEqualTo(new QueueMove(queue(1, 0, 40), 1));
    }

    @Test
    void waitsUntilTheSameReactorHasBeenBusyForLongEnough() {
        final QueueLoad[] queues = {queue(0, 0, 50), queue(1, 0, 50)};
        assertThat(look(4, reactors(1.0, 0.1), queues)).isNull();
        assertThat(look(1, reactors(0.8, 0.1), queues)).isNull();
        assertThat(look(4, reactors(1.0, 0.1), queues)).isNull();
        assertThat(look(1, reactors(1.0, 0.6), queues)).as("nobody has time").isNull();
        assertThat(look(4, reactors(1.0, 0.1), queues)).isNull();
        assertThat(look(1, reactors(1.0, 0.1), queues)).isNotNull();
    }

    @Test
    void leavesTheOnlyQueueOfABusyReactorWhereItIs() {
        assertThat(look(100, reactors(1.0, 0.0), queue(0, 0, 100))).isNull();
        assertThat(look(100, reactors(1.0, 0.0), queue(0, 0, 100), queue(1, 0, 2)))
                .as("two percent are not worth a move")
                .isNull();
    }

    @Test
    void fillsNoReactor() {
        assertThat(look(100, reactors(1.0, 0.45), queue(0, 0, 50), queue(1, 0, 50)))
                .as("it would be busy for 95 percent")
                .isNull();
    }

    @Test
    void letsAQueueRestThatHasMoved() {
        final QueueLoad[] before = {queue(0, 0, 50), queue(1, 0, 50)};
        assertThat(look(5, reactors(1.0, 0.1), before)).isEqualTo(new QueueMove(queue(0, 0, 50), 1));
        // The load has gone along, and this is the other way round now.
        final QueueLoad[] after = {queue(0, 1, 50), queue(2, 1, 50)};
        assertThat(look(5, reactors(0.1, 1.0), after)).isEqualTo(new QueueMove(queue(2, 1, 50), 0));
        // Both have moved, the former five looks earlier.
        final QueueLoad[] again = {queue(0, 1, 50), queue(2, 1, 50)};
        assertThat(look(QueueBalancer.REST_LOOKS - 5, reactors(0.1, 1.0), again))
                .isNull();
        assertThat(look(1, reactors(0.1, 1.0), again)).isEqualTo(new QueueMove(queue(0, 1, 50), 0));
    }

    @Test
    void goesToTheLeastBusyOfAll() {
        final QueueMove move = found(5, reactors(0.4, 1.0, 0.2, 0.3), queue(0, 1, 50), queue(1, 1, 50));
        assertThat(move.target()).isEqualTo(2);
    }

    @Test
    void givesFromTheBusiestFirst() {
        final QueueMove move =
                found(5, reactors(0.95, 1.0, 0.1), queue(0, 0, 50), queue(1, 0, 50), queue(2, 1, 50), queue(3, 1, 50));
        assertThat(move.load().reactor()).isEqualTo(1);
    }

    @Test
    void refusesSettingsThatWouldMoveQueuesForAndBack() {
        assertThatThrownBy(() -> new BalanceSettings(true, 1_000_000_000L, 80, 90, 70, 3))
                .hasMessageContaining("core_busy: above load_limit 80");
        assertThatThrownBy(() -> new BalanceSettings(true, 1, 50, 80, 90, 3)).hasMessageContaining("period");
        assertThatThrownBy(() -> new BalanceSettings(true, 1_000_000_000L, 50, 80, 90, 0))
                .hasMessageContaining("periods");
    }
}
