package io.basalt.gate.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Commit;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Switch;
import io.basalt.gate.handover.HandoverMessage.Taken;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The new gate's side, word for word.
class TakeoverTest {
    private static final Prepare PREPARE = new Prepare("{}", -1, -1, List.of(), List.of());
    private static final Switch SWITCH = new Switch(List.of(new DiskState("vm1", true, new NoFront())), null);

    private final List<String> done = new ArrayList<>();
    private @Nullable Consumer<@Nullable String> prepared;
    private @Nullable Consumer<@Nullable String> taken;
    private final Takeover takeover = new Takeover(
            new Takeover.Target() {
                @Override
                public void prepare(Prepare everything, Consumer<@Nullable String> then) {
                    done.add("prepare");
                    prepared = then;
                }

                @Override
                public void take(
                        List<DiskState> disks, @Nullable VolumeRecord attachment, Consumer<@Nullable String> then) {
                    done.add("take " + disks.getFirst().name());
                    taken = then;
                }

                @Override
                public void begin() {
                    done.add("begin");
                }

                @Override
                public void abandon() {
                    done.add("abandon");
                }
            },
            reason -> done.add(reason.isEmpty() ? "owner" : "not: " + reason));

    private void hear(HandoverMessage message) {
        takeover.listener().received(message);
    }

    private void oldGateDies() {
        takeover.listener().ended("the other gate has hung up");
    }

    private static void answer(@Nullable Consumer<@Nullable String> waits, @Nullable String refusal) {
        assertThat(waits).isNotNull();
        if (waits != null) {
            waits.accept(refusal);
        }
    }

    /// Bring it to a state.
    private void reach(TakeoverState wanted) {
        if (wanted == TakeoverState.WAITING) {
            return;
        }
        hear(PREPARE);
        if (wanted == TakeoverState.PREPARING) {
            return;
        }
        answer(prepared, null);
        if (wanted == TakeoverState.TAKING) {
            hear(SWITCH);
        }
        assertThat(takeover.state()).isEqualTo(wanted);
    }

    @Test
    void isTheGateWhenTheOldOneHasLetGoOfEverything() {
        reach(TakeoverState.TAKING);
        answer(taken, null);
        hear(new Commit());

        assertThat(takeover.state()).isEqualTo(TakeoverState.OWNER);
        assertThat(done).containsExactly("prepare", "take vm1", "begin", "owner");
    }

    @Test
    void isTheGateWhenTheOldOneDiesAndEverythingWasReady() {
        reach(TakeoverState.READY);
        oldGateDies();

        assertThat(done).containsExactly("prepare", "begin", "owner");
    }

    @Test
    void isTheGateOnlyWhenItsDisksRunIfTheOldOneDiesMeanwhile() {
        reach(TakeoverState.TAKING);
        oldGateDies();
        assertThat(done).containsExactly("prepare", "take vm1");
        answer(taken, null);

        assertThat(done).containsExactly("prepare", "take vm1", "begin", "owner");
    }

    @Test
    void givesUpIfTheOldOneDiesBeforeItWasReady() {
        reach(TakeoverState.PREPARING);
        oldGateDies();
        answer(prepared, null);

        assertThat(done).containsExactly("prepare", "abandon", "not: the old gate died before this one was ready");
    }

    @ParameterizedTest
    @EnumSource(names = {"WAITING", "PREPARING", "READY", "TAKING"})
    void givesUpWheneverTheOldOneSaysSo(TakeoverState when) {
        reach(when);
        hear(new Abort("enough"));
        oldGateDies();
        if (when == TakeoverState.PREPARING) {
            answer(prepared, null);
        }
        if (when == TakeoverState.TAKING) {
            answer(taken, null);
        }

        assertThat(takeover.state()).isEqualTo(TakeoverState.ABANDONED);
        assertThat(done).endsWith("abandon", "not: the old gate stays: enough").doesNotContain("begin");
    }

    @Test
    void givesUpWhatItCannotPrepareOrTake() {
        reach(TakeoverState.TAKING);
        answer(taken, "no such ring");

        assertThat(done).endsWith("abandon", "not: no such ring");
    }

    @ParameterizedTest
    @EnumSource(names = {"WAITING", "PREPARING", "TAKING"})
    void givesUpWhenTheOldOneSpeaksOutOfTurn(TakeoverState when) {
        reach(when);
        hear(when == TakeoverState.TAKING ? new Taken() : new Commit());

        assertThat(takeover.state()).isEqualTo(TakeoverState.ABANDONED);
        assertThat(done).doesNotContain("begin");
    }
}
