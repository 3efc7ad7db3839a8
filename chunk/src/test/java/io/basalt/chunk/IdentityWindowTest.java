package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a primary remembers of one gate's changes, so that each is executed once.
class IdentityWindowTest {
    private final TestCluster cluster = new TestCluster(1);
    private final IdentityWindow window = new IdentityWindow();
    private final Change change = Objects.requireNonNull(cluster.on(1).device().takeClientChange());

    @AfterEach
    void close() {
        cluster.on(1).device().give(change);
        cluster.close();
    }

    @Test
    void aChangeIsUnderWayUntilItEndsAndThenHasAnAnswer() {
        window.begin(1, 0, 1);
        window.started(5, change);
        assertThat(window.underWay(5)).isSameAs(change);
        assertThat(window.answer(5)).isNull();
        assertThat(window.isIdle()).isFalse();
        window.ended(5, change, AnswerCode.NO_SPACE);
        assertThat(window.underWay(5)).isNull();
        assertThat(window.answer(5)).as("a refusal is an answer, too").isEqualTo(AnswerCode.NO_SPACE);
        assertThat(window.isIdle()).isTrue();
    }

    @Test
    void aChangeThatWasNotExecutedMayComeAgain() {
        window.begin(1, 0, 1);
        window.started(5, change);
        window.ended(5, change, null);
        assertThat(window.answer(5)).isNull();
        assertThat(window.underWay(5)).isNull();
    }

    @Test
    void anAnswerIsForgottenWhenItsGateHasIt() {
        window.begin(1, 0, 1);
        window.started(5, change);
        window.ended(5, change, AnswerCode.OK);
        window.advance(5);
        assertThat(window.answer(5)).isEqualTo(AnswerCode.OK);
        window.advance(6);
        assertThat(window.isBelow(5)).isTrue();
        final long sameSlot = 5 + ClientRequest.SEQUENCE_WINDOW;
        assertThat(window.isBeyond(sameSlot)).isFalse();
        assertThat(window.answer(sameSlot))
                .as("the place is used again, the answer is not")
                .isNull();
    }

    @Test
    void aChangeThatIsGivenUpByItsGateEndsWithoutATrace() {
        window.begin(1, 0, 1);
        window.started(5, change);
        window.advance(20);
        assertThat(window.isIdle()).isTrue();
        window.ended(5, change, AnswerCode.OK);
        assertThat(window.answer(5 + ClientRequest.SEQUENCE_WINDOW)).isNull();
    }

    @Test
    void aWindowWithAChangeUnderWayIsNotGivenToAnotherGate() {
        final IdentityWindows windows = new IdentityWindows(1);
        final IdentityWindow only = Objects.requireNonNull(windows.of(1, 0, 1, 10));
        only.started(5, change);
        assertThat(windows.of(2, 0, 1, 20)).isNull();
        only.ended(5, change, AnswerCode.OK);
        assertThat(windows.of(2, 0, 1, 30)).isNotNull();
    }
}
