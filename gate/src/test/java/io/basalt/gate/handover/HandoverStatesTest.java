package io.basalt.gate.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.handover.HandoverMessage.Abort;
import io.basalt.gate.handover.HandoverMessage.Commit;
import io.basalt.gate.handover.HandoverMessage.Committed;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Hello;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.Ready;
import io.basalt.gate.handover.HandoverMessage.Switch;
import io.basalt.gate.handover.HandoverMessage.Taken;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The old gate's side, word for word: whatever the new one does, the old one ends up with
/// everything or with nothing.
class HandoverStatesTest {
    private static final long S_NS = 1_000_000_000L;
    private static final HandoverTimes TIMES = new HandoverTimes(S_NS, 2 * S_NS, 3 * S_NS, 4 * S_NS, 5 * S_NS);
    private static final long LONGEST_NS = 6 * S_NS;
    private static final Hello HELLO = new Hello(1, 1, "1.2.3", 4711);

    /// A place where something can go wrong.
    enum Place {
        STARTING,
        PREPARING,
        FIRST_DRAINS,
        FIRST_IS_TAKEN,
        SECOND_DRAINS,
        SECOND_IS_TAKEN,
        COMMITTING;

        /// The word that is right there; null if none is.
        @Nullable
        HandoverMessage right() {
            return switch (this) {
                case STARTING -> HELLO;
                case PREPARING -> new Ready();
                case FIRST_IS_TAKEN, SECOND_IS_TAKEN -> new Taken();
                case COMMITTING -> new Committed();
                case FIRST_DRAINS, SECOND_DRAINS -> null;
            };
        }
    }

    private boolean diesAtOnce;
    private final UnixSocket.Pair pair = UnixSocket.pair();
    private final ManualClock clock = new ManualClock(S_NS);
    private final Reactor control = new Reactor(
            ReactorConfiguration.of("test", 0),
            clock::nanoTime,
            new HandEngine(),
            () -> true,
            (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final ScriptedSource source = new ScriptedSource(pair.right().fd());
    private final List<HandoverResult> results = new ArrayList<>();
    private final List<HandoverMessage> heard = new ArrayList<>();
    private final List<Runnable> dying = new ArrayList<>();
    private final Handover handover = new Handover(control, source, TIMES, results::add);
    private final HandoverChannel successor =
            new HandoverChannel(control, pair.right(), new HandoverChannel.Listener() {
                @Override
                public void received(HandoverMessage message) {
                    heard.add(message);
                    if (message instanceof Prepare prepare) {
                        UnixSocket.adopt(prepare.lock()).close();
                        UnixSocket.adopt(prepare.rpcListener()).close();
                    }
                }

                @Override
                public void ended(String reason) {
                    heard.add(new Abort("hang-up"));
                }
            });

    @AfterEach
    void closeSockets() {
        successor.close();
        settle();
    }

    private void settle() {
        for (int pass = 0; pass < 10; pass++) {
            control.runOnce();
        }
    }

    private void pass(long ns) {
        clock.advance(ns);
        settle();
    }

    private void say(HandoverMessage message) {
        successor.send(message);
        settle();
    }

    private void start() {
        handover.started(this::kill);
        handover.connected(new HandoverChannel(control, pair.left(), handover.listener()));
        settle();
    }

    private void kill(Runnable gone) {
        if (diesAtOnce) {
            gone.run();
        } else {
            dying.add(gone);
        }
    }

    private void reach(Place place) {
        start();
        for (final Place step : Place.values()) {
            if (step == place) {
                break;
            }
            final HandoverMessage right = step.right();
            if (right != null) {
                say(right);
            } else {
                source.drained(step == Place.FIRST_DRAINS ? 0 : 1);
                settle();
            }
        }
        assertThat(dying).isEmpty();
        source.calls.clear();
    }

    /// The new process is dead.
    private void died() {
        assertThat(dying).hasSize(1);
        dying.getFirst().run();
        settle();
    }

    /// What is run again when the new process has died at a place.
    private static List<String> resumed(Place place) {
        return switch (place) {
            case STARTING -> List.of();
            case PREPARING -> List.of("release");
            case FIRST_DRAINS -> List.of("release", "resume a1 NOTHING");
            case FIRST_IS_TAKEN -> List.of("release", "resume a1 RAN");
            case SECOND_DRAINS -> List.of("release", "resume a1 RAN", "resume b NOTHING");
            case SECOND_IS_TAKEN, COMMITTING -> List.of("release", "resume a1 RAN", "resume b RAN");
        };
    }

    private void assertAbandoned(Place place) {
        assertThat(handover.state()).isEqualTo(HandoverState.ABORTING);
        assertThat(source.calls)
                .as("nothing is run while the new process may run")
                .isEmpty();
        assertThat(results).isEmpty();
        died();
        assertThat(handover.state()).isEqualTo(HandoverState.ABANDONED);
        assertThat(source.held).isFalse();
        // Before anything is held there is nothing to undo, and to undo it does no harm.
        assertThat(source.calls.stream().filter(call -> place != Place.STARTING || !call.equals("release")))
                .isEqualTo(resumed(place));
        assertThat(results).hasSize(1);
        assertThat(results.getFirst().done()).isFalse();
        assertThat(results.getFirst().reason()).isNotEmpty();
    }

    static Stream<Arguments> wrongWords() {
        final List<HandoverMessage> words = List.of(
                HELLO,
                new Prepare("{}", 0, 0, List.of(), List.of()),
                new Ready(),
                new Switch(List.of(new DiskState("a1", true, new NoFront())), null),
                new Taken(),
                new Commit(),
                new Committed(),
                new Abort("enough"));
        return Arrays.stream(Place.values())
                .flatMap(place -> words.stream()
                        .filter(word -> !word.equals(place.right()))
                        .map(word -> Arguments.of(place, word)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("wrongWords")
    void aWrongWordEndsWithEverythingHere(Place place, HandoverMessage word) {
        reach(place);

        handover.listener().received(word);

        assertAbandoned(place);
    }

    @ParameterizedTest
    @EnumSource
    void aSilentSuccessorEndsWithEverythingHere(Place place) {
        reach(place);

        pass(LONGEST_NS);

        assertThat(heard).last().isInstanceOf(Abort.class);
        assertAbandoned(place);
    }

    @ParameterizedTest
    @EnumSource
    void aDeadSuccessorEndsWithEverythingHere(Place place) {
        reach(place);

        successor.close();
        settle();

        assertAbandoned(place);
    }

    @ParameterizedTest
    @EnumSource(names = {"FIRST_DRAINS", "SECOND_DRAINS"})
    void aDrainThatFinishesTooLateChangesNothing(Place place) {
        reach(place);
        pass(LONGEST_NS);
        heard.clear();

        source.drained(place == Place.FIRST_DRAINS ? 0 : 1);
        settle();

        assertThat(heard).isEmpty();
        assertAbandoned(place);
    }

    @Test
    void everythingIsGivenUpWhenTheSuccessorIsTheGate() {
        reach(Place.COMMITTING);

        say(new Committed());

        assertThat(handover.state()).isEqualTo(HandoverState.DONE);
        assertThat(source.calls).containsExactly("surrender");
        assertThat(dying).isEmpty();
        final HandoverResult result = results.getFirst();
        assertThat(result.done()).isTrue();
        assertThat(result.processId()).isEqualTo(4711);
        assertThat(result.pauses()).extracting(HandoverResult.Pause::disks).isEqualTo(ScriptedSource.GROUPS);
    }

    private static final VolumeRecord ATTACHMENT = new VolumeRecord(
            7, "vm1", 1 << 20, 1 << 20, 4096, "ssd", 0, 5, 3, 1, List.of(new PartRecord(9, 1, 0, 1 << 20)));

    private Switch firstSwitch(Hello hello) {
        source.attachment = ATTACHMENT;
        start();
        say(hello);
        say(new Ready());
        source.drained(0);
        settle();
        return heard.stream()
                .filter(Switch.class::isInstance)
                .map(Switch.class::cast)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anAttachmentIsLeftToASuccessorThatKnowsOfAttachments() {
        assertThat(firstSwitch(new Hello(1, 2, "1.3.0", 4711)).attachment()).isEqualTo(ATTACHMENT);
    }

    @Test
    void aSuccessorThatKnowsOfNoAttachmentsAttachesAnew() {
        assertThat(firstSwitch(HELLO).attachment()).isNull();
    }

    @Test
    void aDiskIsSlowedDownBeforeItIsLetGoOf() {
        source.slowsLate = true;
        reachSlowing();

        Objects.requireNonNull(source.slowing).run();

        assertThat(source.calls).containsExactly("slow a1", "suspend a1");
    }

    @Test
    void aSuccessorThatDiesWhileADiskIsSlowedDownHasNotTouchedIt() {
        source.slowsLate = true;
        reachSlowing();
        successor.close();
        settle();
        died();

        Objects.requireNonNull(source.slowing).run();

        assertThat(source.calls).containsExactly("slow a1", "release", "resume a1 NOTHING");
    }

    private void reachSlowing() {
        start();
        say(HELLO);
        source.calls.clear();
        say(new Ready());
    }

    @Test
    void oneGroupAfterTheOtherIsLetGoOf() {
        reach(Place.FIRST_IS_TAKEN);
        assertThat(source.draining).isEmpty();

        say(new Taken());

        assertThat(source.calls).containsExactly("suspend b");
        assertThat(heard).filteredOn(Switch.class::isInstance).hasSize(1);
    }

    @Test
    void aSuccessorThatWasTheGateBeforeItDiedHasItsFrontEndsHungUpOn() {
        reach(Place.COMMITTING);
        pass(LONGEST_NS);
        say(new Committed());

        died();

        assertThat(handover.state()).isEqualTo(HandoverState.ABANDONED);
        assertThat(source.calls).containsExactly("release served", "resume a1 SERVED", "resume b SERVED");
        assertThat(results.getFirst().done()).isFalse();
    }

    @Test
    void aLastWordThatNobodyHadReadYetIsHeardBeforeAnythingIsRun() {
        reach(Place.COMMITTING);
        diesAtOnce = true;
        dieWithAWordInTheSocket(() -> {});

        assertThat(source.calls).containsExactly("release served", "resume a1 SERVED", "resume b SERVED");
    }

    @Test
    void aLastWordIsHeardEvenIfTheSocketIsFoundBrokenByWriting() {
        reach(Place.COMMITTING);
        dieWithAWordInTheSocket(successor::close);
        died();

        assertThat(source.calls).containsExactly("release served", "resume a1 SERVED", "resume b SERVED");
    }

    /// The time is up in the very pass in which the last word is sent. In a pass timers come first,
    /// then what was posted, and sockets last: the word is not read before the end is decided.
    ///
    /// @param sent run when it has been sent
    private void dieWithAWordInTheSocket(Runnable sent) {
        successor.send(new Committed(), sent);
        clock.advance(LONGEST_NS);
        control.runOnce();
        assertThat(handover.state()).isEqualTo(diesAtOnce ? HandoverState.ABANDONED : HandoverState.ABORTING);
    }

    @Test
    void aSuccessorThatCouldNotBeStartedLeavesEverythingAsItIs() {
        handover.notStarted("there is no such program");
        settle();

        assertThat(handover.state()).isEqualTo(HandoverState.ABANDONED);
        assertThat(results.getFirst().reason()).isEqualTo("there is no such program");
    }

    @Test
    void aSuccessorThatIsStartedAfterTheEndIsEndedFirst() {
        pass(LONGEST_NS);
        assertThat(handover.state()).isEqualTo(HandoverState.ABORTING);
        assertThat(results).isEmpty();

        handover.started(this::kill);
        died();

        assertThat(handover.state()).isEqualTo(HandoverState.ABANDONED);
        pair.left().close();
    }

    @Test
    void aFormatThatNobodyHereKnowsIsRefusedBeforeAnythingIsHeld() {
        start();

        say(new Hello(7, 9, "9.9.9", 4711));

        assertThat(source.calls).isEmpty();
        died();
        assertThat(results.getFirst().reason()).contains("9.9.9").contains("7 to 9");
    }

    @Test
    void aSecondSuccessorIsHungUpOn() {
        reach(Place.PREPARING);
        try (UnixSocket.Pair other = UnixSocket.pair()) {
            handover.connected(new HandoverChannel(control, other.left(), handover.listener()));

            assertThat(other.left().isOpen()).isFalse();
        }
        say(new Ready());
        assertThat(handover.state()).isEqualTo(HandoverState.SWITCHING);
    }
}
