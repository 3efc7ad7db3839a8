package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.CallStatus;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetOptions;
import io.basalt.net.sim.SimFaults;
import io.basalt.testkit.SeededTest;
import io.basalt.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What the simulated network does to connections, and that it does the same again for the same seed.
class SimFaultTest {
    private static final long MS = 1_000_000;
    private static final NetOptions OPTIONS = NetOptions.DEFAULT
            .withBuffers(64 << 10, 4 << 20, 16 << 10, 8 << 10)
            .withTimes(1000 * MS, 100 * MS, 400 * MS);

    @Test
    void partitionOfOneDirectionEndsTheConnectionOnBothSides() {
        SeededTest.run(20, random -> {
            try (SimWorld world = new SimWorld(random)) {
                final Pair pair = new Pair(world, OPTIONS);
                final TestCall call = new TestCall(4096).request(EchoService.HOLD, 1, pair.soonNs());
                assertThat(pair.connection.send(call)).isTrue();
                world.until("there", () -> pair.chunkService.held.size() == 1);
                world.network().partition("gate", "chunk", true);
                world.until("the chunk server hears nothing", () -> pair.chunkListener.closed == 1);
                assertThat(pair.chunkListener.reason).contains("no sign of life");
                world.until("and closes", () -> pair.gateListener.closed == 1);
                assertThat(pair.gateListener.reason).contains("closed by the peer");
                assertThat(call.status).isEqualTo(CallStatus.DISCONNECTED);
            }
        });
    }

    @Test
    void clogThatEndsInTimeLosesNothing() {
        SeededTest.run(20, random -> {
            try (SimWorld world = new SimWorld(random)) {
                final Pair pair = new Pair(world, OPTIONS);
                world.network().clog("gate", "chunk", world.nowNs() + 200 * MS);
                final long startNs = world.nowNs();
                final TestCall call = new TestCall(4096).request(EchoService.ECHO, 1, pair.soonNs());
                assertThat(pair.connection.send(call)).isTrue();
                world.until("answered", call::isDone);
                assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
                assertThat(world.nowNs() - startNs).isBetween(200 * MS, 250 * MS);
                assertThat(pair.connection.state()).isEqualTo(ConnectionState.READY);
            }
        });
    }

    /// The request lay in a queue for longer than its caller waited: the service must not see it.
    @Test
    void requestThatWasUnderWayTooLongIsDroppedWithoutACommonClock() {
        SeededTest.run(20, random -> {
            try (SimWorld world = new SimWorld(random)) {
                final Pair pair = new Pair(world, OPTIONS);
                for (int i = 0; i < 5; i++) {
                    final TestCall before = new TestCall(4096).request(EchoService.ECHO, i, pair.soonNs());
                    assertThat(pair.connection.send(before)).isTrue();
                    world.until("answered", before::isDone);
                }
                world.network().clog("gate", "chunk", world.nowNs() + 100 * MS);
                final TestCall late = new TestCall(4096).request(EchoService.ECHO, 100, world.nowNs() + 50 * MS);
                final TestCall inTime = new TestCall(4096).request(EchoService.ECHO, 200, world.nowNs() + 150 * MS);
                assertThat(pair.connection.send(late)).isTrue();
                assertThat(pair.connection.send(inTime)).isTrue();
                world.until("both over", () -> late.isDone() && inTime.isDone());
                assertThat(late.status).isEqualTo(CallStatus.TIMED_OUT);
                assertThat(inTime.status).isEqualTo(CallStatus.ANSWERED);
                assertThat(pair.chunkService.numbers).doesNotContain(100).contains(200);
                assertThat(pair.chunk.counters().requestsExpired).isEqualTo(1);
            }
        });
    }

    @Test
    void crashIsSeenAtOnceAndAPowerCutAfterSilence() {
        for (final boolean silent : new boolean[] {false, true}) {
            SeededTest.run(10, random -> {
                try (SimWorld world = new SimWorld(random)) {
                    final Pair pair = new Pair(world, OPTIONS);
                    final long startNs = world.nowNs();
                    world.network().crash("chunk", silent);
                    world.until("noticed", () -> pair.gateListener.closed == 1);
                    assertThat(pair.gateListener.reason).contains(silent ? "no sign of life" : "reset by the peer");
                    assertThat(pair.connection.endedByPeer()).isEqualTo(!silent);
                    assertThat(world.nowNs() - startNs).isBetween(silent ? 300 * MS : 0, silent ? 700 * MS : 10 * MS);
                    final Pair.Listener again = new Pair.Listener();
                    pair.gate.connect(pair.address, pair.gateService, again);
                    world.until("nobody there", () -> again.closed == 1);
                    assertThat(again.reason).contains("no connection in time");
                }
            });
        }
    }

    @Test
    void damagedBytesAreNeverTakenForGoodOnes() {
        SeededTest.run(60, random -> {
            try (SimWorld world = new SimWorld(random)) {
                final Pair pair = new Pair(world, OPTIONS);
                world.network().faults(SimFaults.NONE.withDamage(100_000).withSplitPieces());
                final int done = load(world, pair, random, 40);
                assertThat(done).isEqualTo(40);
                pair.gate.close();
                pair.chunk.close();
                world.until("closed", () -> pair.gate.isClosed() && pair.chunk.isClosed());
                assertThat(pair.gate.poolFreeBytes()).isEqualTo(4 << 20);
                assertThat(pair.chunk.poolFreeBytes()).isEqualTo(4 << 20);
            }
        });
    }

    @Test
    void breakingConnectionsCompleteEveryCallOnce() {
        SeededTest.run(60, random -> {
            try (SimWorld world = new SimWorld(random)) {
                final Pair pair = new Pair(world, OPTIONS);
                world.network().faults(SimFaults.NONE.withBreaks(100_000).withSplitPieces());
                assertThat(load(world, pair, random, 40)).isEqualTo(40);
            }
        });
    }

    @Test
    void sameSeedGivesTheSameRun() {
        final long seed = Seeds.next();
        final List<Long> first = trace(seed);
        assertThat(trace(seed)).as("seed %s", Seeds.text(seed)).isEqualTo(first);
        assertThat(trace(seed + 1)).isNotEqualTo(first);
    }

    private static List<Long> trace(long seed) {
        final RandomGenerator random = Seeds.random(seed);
        final List<Long> trace = new ArrayList<>();
        try (SimWorld world = new SimWorld(random)) {
            final Pair pair = new Pair(world, OPTIONS);
            world.network()
                    .faults(SimFaults.NONE.withDamage(20_000).withBreaks(1000).withSplitPieces());
            load(world, pair, random, 60);
            trace.add(world.nowNs());
            trace.add(pair.chunk.counters().bytesReceived);
            trace.add(pair.chunk.counters().receives);
            trace.add(pair.gate.counters().bytesReceived);
            pair.chunkService.numbers.forEach(number -> trace.add((long) number));
        }
        return trace;
    }

    /// Sends calls of random lengths and checks what comes back.
    ///
    /// @return how many were completed, each once
    private static int load(SimWorld world, Pair pair, RandomGenerator random, int count) {
        final List<TestCall> calls = new ArrayList<>();
        int sent = 0;
        while (sent < count) {
            final int length = random.nextBoolean() ? 4096 : 1 + random.nextInt(60_000);
            final TestCall call = new TestCall(60_000).request(EchoService.ECHO, sent, pair.soonNs());
            NetworkContract.fill(call, sent);
            call.sending(length, 1 + random.nextInt(3)).receiving(length, 1 + random.nextInt(3));
            if (pair.connection.send(call)) {
                calls.add(call);
            } else if (pair.connection.state() == ConnectionState.READY) {
                world.turn();
                continue;
            }
            sent++;
            if (random.nextInt(3) == 0) {
                world.turn();
            }
        }
        world.until("all over", () -> calls.stream().allMatch(TestCall::isDone));
        world.pass(50 * MS);
        for (final TestCall call : calls) {
            assertThat(call.completions).isEqualTo(1);
            assertThat(call.status).isIn(CallStatus.ANSWERED, CallStatus.DISCONNECTED);
            if (call.status == CallStatus.ANSWERED) {
                final long length = call.answerPayloadLength();
                assertThat(call.in.asSlice(0, length).mismatch(call.out.asSlice(0, length)))
                        .isEqualTo(-1);
            }
        }
        return sent;
    }
}
