package io.basalt.simulation.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.basalt.simulation.SimRandom;
import io.basalt.simulation.check.RegisterHistory.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The search finds what trying everything finds, and decides long histories of many unknown writes.
class RegisterSearchTest {
    private static final int SMALL_HISTORIES = 60_000;
    private static final int LONG_HISTORIES = 60;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @Test
    void decidesSmallHistoriesAsTryingEveryOrderDoes() {
        int possible = 0;
        for (int seed = 1; seed <= SMALL_HISTORIES; seed++) {
            final List<Operation> history = small(new SimRandom(seed));
            final boolean expected = someOrderExplains(history, new ArrayList<>(), 0);
            assertThat(new RegisterSearch(history).succeeds())
                    .as("history of seed " + seed + ": " + history)
                    .isEqualTo(expected);
            possible += expected ? 1 : 0;
        }
        assertThat(possible)
                .as("histories that a register explains")
                .isBetween(SMALL_HISTORIES / 5, SMALL_HISTORIES * 4 / 5);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 30, 60})
    void decidesLongHistoriesOfARegister(int zerosInHundred) {
        assertTimeoutPreemptively(PATIENCE, () -> {
            for (int seed = 1; seed <= LONG_HISTORIES; seed++) {
                final SimulatedRegister register = new SimulatedRegister(new SimRandom(seed), zerosInHundred);
                register.work(300);
                assertThat(register.history.violation())
                        .as("violation in the history of seed " + seed)
                        .isNull();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 30, 60})
    void decidesLongHistoriesThatNoRegisterHas(int zerosInHundred) {
        assertTimeoutPreemptively(PATIENCE, () -> {
            for (int seed = 1; seed <= LONG_HISTORIES; seed++) {
                final SimulatedRegister register = new SimulatedRegister(new SimRandom(seed), zerosInHundred);
                register.work(150);
                register.loseAnAcknowledgedWrite();
                register.work(150);
                assertThat(register.history.violation())
                        .as("violation in the history of seed " + seed)
                        .isNotNull();
            }
        });
    }

    /// A register, and clients whose requests overlap, get lost, and take effect late or never.
    private static final class SimulatedRegister {
        private static final int CLIENTS = 8;

        private final RegisterHistory history = new RegisterHistory();
        private final SimRandom random;
        private final int zerosInHundred;
        private final List<Request> open = new ArrayList<>();
        private final List<Request> lost = new ArrayList<>();
        private long now;
        private long content;
        private long writes;

        private static final class Request {
            Operation operation;
            boolean isWrite;
            boolean isDone;
            long value;

            Request(Operation operation, boolean isWrite, long value) {
                this.operation = operation;
                this.isWrite = isWrite;
                this.value = value;
            }
        }

        SimulatedRegister(SimRandom random, int zerosInHundred) {
            this.random = random;
            this.zerosInHundred = zerosInHundred;
        }

        void work(int operations) {
            int begun = 0;
            while (begun < operations || !open.isEmpty()) {
                final int draw = random.below(100);
                if (begun < operations && open.size() < CLIENTS && draw < 40) {
                    begun++;
                    begin();
                } else if (!lost.isEmpty() && draw < 45) {
                    execute(lost.remove(random.below(lost.size())));
                } else if (!open.isEmpty()) {
                    goOn(open.get(random.below(open.size())));
                }
            }
        }

        private void begin() {
            if (random.chance(50)) {
                open.add(new Request(history.read(++now), false, 0));
            } else {
                final long value = random.chance(zerosInHundred) ? 0 : ++writes;
                open.add(new Request(history.write(value, ++now), true, value));
            }
        }

        private void goOn(Request request) {
            if (!request.isDone && request.isWrite && random.chance(20)) {
                open.remove(request);
                lost.add(request);
            } else if (!request.isDone) {
                execute(request);
            } else if (request.isWrite) {
                open.remove(request);
                request.operation.acknowledged(++now);
            } else {
                open.remove(request);
                request.operation.returned(request.value, ++now);
            }
        }

        private void execute(Request request) {
            request.isDone = true;
            if (request.isWrite) {
                content = request.value;
            } else {
                request.value = content;
            }
        }

        /// Nothing is under way, a value that was written long ago and overwritten is read.
        void loseAnAcknowledgedWrite() {
            final long old = ++writes;
            for (int time = 0; time < 2; time++) {
                history.write(time == 0 ? old : ++writes, ++now).acknowledged(++now);
                history.read(++now).returned(time == 0 ? old : writes, ++now);
            }
            history.read(++now).returned(old, ++now);
            content = old;
        }
    }

    private static List<Operation> small(SimRandom random) {
        final RegisterHistory history = new RegisterHistory();
        final List<Operation> operations = new ArrayList<>();
        final int count = 2 + random.below(6);
        final int values = 2 + random.below(3);
        final int spread = 2 + random.below(12);
        for (int at = 0; at < count; at++) {
            final long beganAt = random.below(3 * count);
            final long endedAt = beganAt + random.below(spread);
            if (random.chance(50)) {
                final Operation read = history.read(beganAt);
                read.returned(random.below(values), endedAt);
                operations.add(read);
            } else {
                final Operation write = history.write(random.below(values), beganAt);
                switch (random.below(4)) {
                    case 0 -> {}
                    case 1 -> write.endedUnknown(endedAt);
                    default -> write.acknowledged(endedAt);
                }
                operations.add(write);
            }
        }
        operations.sort((one, other) -> Long.compare(one.beganAt(), other.beganAt()));
        return operations;
    }

    /// Try every order, as the definition says.
    private static boolean someOrderExplains(List<Operation> left, List<Operation> order, long value) {
        if (left.stream().allMatch(Operation::isOptional)) {
            return true;
        }
        for (final Operation next : left) {
            final boolean isLate = order.stream().anyMatch(before -> before.beganAt() > next.endedAt());
            final boolean isEarly =
                    left.stream().anyMatch(other -> !other.isOptional() && other.endedAt() < next.beganAt());
            if (isLate || isEarly || (!next.isWrite() && next.value() != value)) {
                continue;
            }
            final List<Operation> rest = new ArrayList<>(left);
            rest.remove(next);
            final List<Operation> longer = new ArrayList<>(order);
            longer.add(next);
            if (someOrderExplains(rest, longer, next.isWrite() ? next.value() : value)) {
                return true;
            }
        }
        return false;
    }
}
