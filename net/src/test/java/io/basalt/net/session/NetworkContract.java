package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.Network.MemoryKind;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What every network does, whatever it runs on.
abstract class NetworkContract {
    private static final NetOptions SMALL = NetOptions.DEFAULT.withBuffers(1 << 20, 8 << 20, 64 << 10, 16 << 10);
    private static final int BLOCK = 4096;

    abstract NetworkWorld world(RandomGenerator random);

    private void withPair(NetOptions options, Consumer<Pair> test) {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                test.accept(new Pair(world, options));
            }
        });
    }

    // ---- requests and answers ----

    @Test
    void bothSidesLearnWhoTheOtherIs() {
        withPair(SMALL, pair -> {
            assertThat(pair.connection.peer()).isEqualTo(new PeerIdentity(Role.CHUNK, 5, "chunk"));
            assertThat(pair.chunkListener.connection().peer()).isEqualTo(new PeerIdentity(Role.GATE, 4, "gate"));
        });
    }

    @Test
    void carriesBodyCodeAndPayloadBothWays() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.ECHO, 0x1234, pair.soonNs());
            fill(call, 7);
            call.sending(BLOCK, 1).receiving(BLOCK, 1);
            assertThat(pair.connection.send(call)).isTrue();
            assertThat(call.isDone()).isFalse();
            pair.world.until("answered", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
            assertThat(call.code).isEqualTo(0x1234);
            assertThat(call.answerBodyLength()).isEqualTo(4);
            assertThat(call.answerPayloadLength()).isEqualTo(BLOCK);
            assertThat(call.in.mismatch(call.out)).isEqualTo(-1);
            assertThat(pair.chunkService.answered).isEqualTo(1);
            assertNothingHeld(pair);
        });
    }

    @Test
    void acceptingSideMayAskToo() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.ECHO, 3, pair.soonNs());
            assertThat(pair.chunkListener.connection().send(call)).isTrue();
            pair.world.until("answered", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
            assertThat(pair.gateService.requests).isEqualTo(1);
        });
    }

    @Test
    void carriesPayloadOfEveryLengthInPiecesFromMemoryOfEveryKind() {
        SeededTest.run(3, random -> {
            try (NetworkWorld world = world(random)) {
                final Pair pair = new Pair(world, SMALL);
                final TestCall call = new TestCall(1 << 20);
                final List<MemoryKind> kinds = new ArrayList<>(List.of(MemoryKind.values()));
                for (int round = 0; round < 60; round++) {
                    final MemoryKind kind = round % 3 == 2 ? null : kinds.get(round % 3);
                    if (kind != null) {
                        pair.gate.useMemory(call.table, kind);
                    }
                    final int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 1 << 20 : 3 * BLOCK);
                    final int pieces = 1 + random.nextInt(Math.min(length, random.nextInt(5) == 0 ? 280 : 8));
                    final int pieces2 = 1 + random.nextInt(Math.min(length, 8));
                    call.request(EchoService.ECHO, round, pair.soonNs());
                    fill(call, random.nextInt());
                    call.sending(length, pieces).receiving(length, pieces2);
                    assertThat(pair.connection.send(call)).isTrue();
                    pair.world.until("answered", call::isDone);
                    assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
                    assertThat(call.in.asSlice(0, length).mismatch(call.out.asSlice(0, length)))
                            .as("length %d, %d pieces, kind %s", length, pieces, kind)
                            .isEqualTo(-1);
                    if (kind != null) {
                        pair.gate.releaseMemory(call.table);
                    }
                }
                assertNothingHeld(pair);
            }
        });
    }

    @Test
    void deliversRequestsInTheOrderInWhichTheyWereSent() {
        withPair(SMALL.withCredits(100, 100), pair -> {
            final List<TestCall> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                final TestCall call = new TestCall(3 * BLOCK).request(EchoService.ECHO, i, pair.soonNs());
                if (i % 3 > 0) {
                    call.sending(i % 3 * BLOCK + i, 2).receiving(i % 3 * BLOCK + i, 3);
                }
                calls.add(call);
                assertThat(pair.connection.send(call)).isTrue();
                if (i % 7 == 0) {
                    pair.world.turn();
                }
            }
            pair.world.until("all answered", () -> calls.stream().allMatch(TestCall::isDone));
            assertThat(pair.chunkService.numbers).isSorted().hasSize(100);
            assertThat(pair.connection.inFlight()).isZero();
        });
    }

    @Test
    void completesAnswersThatComeInAnotherOrder() {
        withPair(SMALL, pair -> {
            final List<TestCall> calls = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                calls.add(new TestCall(BLOCK).request(EchoService.HOLD, i, pair.soonNs()));
                assertThat(pair.connection.send(calls.get(i))).isTrue();
            }
            pair.world.until("all there", () -> pair.chunkService.held.size() == 10);
            for (int i = 9; i >= 0; i--) {
                pair.chunkService.answerHeldLast();
                pair.world.until("answered", calls.get(i)::isDone);
                assertThat(calls.get(i).code).isEqualTo(i);
                assertThat(pair.connection.inFlight()).isEqualTo(i);
            }
        });
    }

    @Test
    void callMaySendTheNextFromWithinItsCompletion() {
        withPair(SMALL.withCredits(1, 1), pair -> {
            final TestCall second = new TestCall(BLOCK).request(EchoService.ECHO, 2, pair.soonNs());
            final TestCall first = new TestCall(BLOCK).request(EchoService.ECHO, 1, pair.soonNs());
            first.whenCompleted = () -> assertThat(pair.connection.send(second)).isTrue();
            assertThat(pair.connection.send(first)).isTrue();
            assertThat(pair.connection.send(second)).isFalse();
            pair.world.until("both answered", second::isDone);
            assertThat(second.code).isEqualTo(2);
        });
    }

    @Test
    void pooledAnswersComeInOneRequestEach() {
        withPair(SMALL, pair -> {
            for (final int length : new int[] {1, 100, BLOCK, 100_000, 1 << 20}) {
                final TestCall call = new TestCall(1 << 20).request(EchoService.FILL, length, pair.soonNs());
                call.receiving(1 << 20, 1);
                assertThat(pair.connection.send(call)).isTrue();
                pair.world.until("answered", call::isDone);
                assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
                assertThat(call.answerPayloadLength()).isEqualTo(length);
                assertThat(call.in.get(ValueLayout.JAVA_BYTE, length - 1)).isEqualTo((byte) length);
            }
            assertNothingHeld(pair);
        });
    }

    @Test
    void keptPayloadStaysAfterTheAnswer() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.HOLD, 1, pair.soonNs());
            fill(call, 5);
            assertThat(pair.connection.send(call.sending(BLOCK, 1))).isTrue();
            pair.world.until("there", () -> pair.chunkService.held.size() == 1);
            final long kept = pair.chunkService.held.peek().keepPayload();
            pair.chunkService.held.remove().answer(1, 0);
            pair.world.until("answered", call::isDone);
            assertThat(pair.chunk.payloadTable().segment(0).asSlice(kept, BLOCK).mismatch(call.out))
                    .isEqualTo(-1);
            assertThat(pair.chunk.poolFreeBytes()).isLessThan(8 << 20);
            pair.chunk.releasePayload(kept);
            assertNothingHeld(pair);
        });
    }

    // ---- credits and overload ----

    @Test
    void sendsNoMoreThanTheCreditsOfThePeer() {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                final Pair pair = new Pair(world, SMALL.withCredits(9, 100), SMALL.withCredits(5, 100));
                final List<TestCall> calls = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    calls.add(new TestCall(BLOCK).request(EchoService.HOLD, i, pair.soonNs()));
                    assertThat(pair.connection.send(calls.get(i))).isTrue();
                }
                final TestCall more = new TestCall(BLOCK).request(EchoService.HOLD, 5, pair.soonNs());
                assertThat(pair.connection.send(more)).isFalse();
                pair.world.until("all there", () -> pair.chunkService.held.size() == 5);
                assertThat(pair.connection.send(more)).isFalse();
                pair.chunkService.answerHeld();
                pair.world.until("one answered", calls.getFirst()::isDone);
                assertThat(pair.connection.send(more)).isTrue();
            }
        });
    }

    @Test
    void refusedRequestIsToldApart() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.REFUSE, 1, pair.soonNs());
            assertThat(pair.connection.send(call.sending(BLOCK, 1))).isTrue();
            pair.world.until("answered", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.OVERLOADED);
            assertNothingHeld(pair);
        });
    }

    @Test
    void answersOverloadedWhenThePoolIsEmptyAndGoesOn() {
        withPair(NetOptions.DEFAULT.withBuffers(1 << 20, 1 << 20, 64 << 10, 16 << 10), pair -> {
            final TestCall large = new TestCall(1 << 20).request(EchoService.HOLD, 1, pair.soonNs());
            pair.gate.useMemory(large.table, MemoryKind.OWN);
            assertThat(pair.connection.send(large.sending(1 << 20, 1).receiving(1 << 20, 1)))
                    .isTrue();
            pair.world.until("there", () -> pair.chunkService.held.size() == 1);
            final TestCall small = new TestCall(3 * BLOCK).request(EchoService.ECHO, 2, pair.soonNs());
            assertThat(pair.connection.send(small.sending(3 * BLOCK, 1).receiving(3 * BLOCK, 1)))
                    .isTrue();
            final TestCall none = new TestCall(BLOCK).request(EchoService.ECHO, 3, pair.soonNs());
            assertThat(pair.connection.send(none)).isTrue();
            pair.world.until("answered", none::isDone);
            assertThat(small.status).isEqualTo(CallStatus.OVERLOADED);
            assertThat(none.status).isEqualTo(CallStatus.ANSWERED);
            pair.chunkService.answerHeld();
            pair.world.until("answered", large::isDone);
            assertThat(large.status).isEqualTo(CallStatus.ANSWERED);
            assertThat(pair.chunk.poolFreeBytes()).isEqualTo(1 << 20);
        });
    }

    // ---- deadlines ----

    @Test
    void callTimesOutAndItsCreditComesBackWithTheLateAnswer() {
        withPair(SMALL.withCredits(1, 100), pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.HOLD, 1, pair.world.nowNs() + 30_000_000);
            call.receiving(BLOCK, 1);
            fill(call, 9);
            assertThat(pair.connection.send(call.sending(BLOCK, 1))).isTrue();
            pair.world.until("there", () -> pair.chunkService.held.size() == 1);
            pair.world.until("timed out", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.TIMED_OUT);
            assertThat(pair.connection.inFlight()).isZero();
            final TestCall next = new TestCall(BLOCK).request(EchoService.ECHO, 2, pair.soonNs());
            assertThat(pair.connection.send(next)).isFalse();
            call.in.fill((byte) 0);
            pair.chunkService.answerHeld();
            pair.world.until("credit is back", () -> pair.connection.send(next));
            pair.world.until("answered", next::isDone);
            assertThat(call.completions).isEqualTo(1);
            assertThat(call.in.get(ValueLayout.JAVA_BYTE, 0)).isZero();
            assertNothingHeld(pair);
        });
    }

    @Test
    void requestWhoseTimeIsOverIsNotSent() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK).request(EchoService.ECHO, 1, pair.world.nowNs() - 1);
            assertThat(pair.connection.send(call)).isTrue();
            assertThat(call.isDone()).isFalse();
            pair.world.until("timed out", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.TIMED_OUT);
            final TestCall next = new TestCall(BLOCK).request(EchoService.ECHO, 2, Long.MAX_VALUE);
            assertThat(pair.connection.send(next)).isTrue();
            pair.world.until("answered", next::isDone);
            assertThat(pair.chunkService.numbers).containsExactly(2);
        });
    }

    // ---- the end ----

    @Test
    void closingCompletesEveryCallOnBothSidesBeforeTheListenerHears() {
        withPair(SMALL, pair -> {
            final TestCall out = new TestCall(BLOCK).request(EchoService.HOLD, 1, pair.soonNs());
            final TestCall back = new TestCall(BLOCK).request(EchoService.HOLD, 2, pair.soonNs());
            assertThat(pair.connection.send(out.sending(BLOCK, 1))).isTrue();
            assertThat(pair.chunkListener.connection().send(back.sending(BLOCK, 1)))
                    .isTrue();
            pair.world.until("both there", () -> pair.chunkService.held.size() + pair.gateService.held.size() == 2);
            out.whenCompleted = () -> assertThat(pair.gateListener.closed).isZero();
            back.whenCompleted = () -> assertThat(pair.chunkListener.closed).isZero();
            final TestCall late = new TestCall(BLOCK).request(EchoService.ECHO, 3, pair.soonNs());
            assertThat(pair.connection.send(late)).isTrue();
            pair.connection.close();
            assertThat(out.isDone()).isFalse();
            assertThat(pair.connection.send(late)).isFalse();
            pair.world.until("closed", () -> pair.gateListener.closed + pair.chunkListener.closed == 2);
            assertThat(List.of(out.status, back.status, late.status)).containsOnly(CallStatus.DISCONNECTED);
            assertThat(pair.connection.state()).isEqualTo(ConnectionState.CLOSED);
            assertThat(pair.gateListener.reason).contains("closed by this side");
            assertThat(pair.chunkListener.reason).contains("closed by the peer");
            pair.chunkService.answerHeld();
            pair.gateService.answerHeld();
            pair.world.turn();
            pair.world.turn();
            assertThat(pair.chunkService.answered).isEqualTo(1);
            assertNothingHeld(pair);
        });
    }

    @Test
    void closingFromWithinACompletionOrARequestIsAllowed() {
        withPair(SMALL, pair -> {
            final List<TestCall> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(new TestCall(BLOCK).request(EchoService.ECHO, i, pair.soonNs()));
                assertThat(pair.connection.send(calls.get(i).sending(BLOCK, 1).receiving(BLOCK, 1)))
                        .isTrue();
            }
            calls.get(10).whenCompleted = pair.connection::close;
            pair.world.until("closed", () -> pair.gateListener.closed == 1);
            assertThat(calls).allMatch(call -> call.completions == 1);
            assertThat(calls.get(10).status).isEqualTo(CallStatus.ANSWERED);
            assertThat(calls.get(11).status).isEqualTo(CallStatus.DISCONNECTED);
            pair.world.until("closed there", () -> pair.chunkListener.closed == 1);
            assertNothingHeld(pair);
        });
    }

    @Test
    void connectionToNobodyEnds() {
        withPair(SMALL, pair -> {
            pair.chunk.close();
            pair.world.until("closed", pair.chunk::isClosed);
            final Pair.Listener listener = new Pair.Listener();
            final Connection refused = pair.gate.connect(pair.address, pair.gateService, listener);
            assertThat(refused.state()).isEqualTo(ConnectionState.CONNECTING);
            pair.world.until("ended", () -> listener.closed == 1);
            assertThat(listener.ready).isZero();
            assertThat(listener.reason).isNotEmpty();
        });
    }

    @Test
    void idleConnectionStaysBySignsOfLife() {
        withPair(SMALL.withTimes(1_000_000_000L, 20_000_000L, 100_000_000L), pair -> {
            pair.world.pass(400_000_000L);
            assertThat(pair.connection.state()).isEqualTo(ConnectionState.READY);
            assertThat(pair.gate.counters().framesSent).isGreaterThan(5);
            assertThat(pair.gate.connectionCount()).isEqualTo(1);
        });
    }

    // ---- who may connect ----

    @Test
    void peerWithAnotherKeyIsTurnedAway() {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                final StreamNetwork chunk = world.open("chunk", SMALL);
                final PeerIdentity self = new PeerIdentity(Role.GATE, 1, "gate");
                final StreamNetwork gate = world.open("gate", SMALL, NetworkWorld.key(2), self);
                final EchoService service = new EchoService();
                final Pair.Listener there = new Pair.Listener();
                final NodeAddress address =
                        chunk.listen(world.address("chunk"), peer -> new Acceptance(service, there));
                final Pair.Listener listener = new Pair.Listener();
                gate.connect(address, service, listener);
                world.until("ended", () -> listener.closed == 1 && chunk.connectionCount() == 0);
                assertThat(listener.ready + there.ready + there.closed).isZero();
                assertThat(listener.reason).contains("another cluster key").doesNotContain("0202");
                assertThat(chunk.counters().handshakesFailed).isEqualTo(1);
            }
        });
    }

    @Test
    void acceptorMayRefuseAPeerByWhoItIs() {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                final StreamNetwork chunk = world.open("chunk", SMALL);
                final StreamNetwork gate = world.open("gate", SMALL);
                final List<PeerIdentity> asked = new ArrayList<>();
                final NodeAddress address = chunk.listen(world.address("chunk"), peer -> {
                    asked.add(peer);
                    return null;
                });
                final Pair.Listener listener = new Pair.Listener();
                gate.connect(address, new EchoService(), listener);
                world.until("ended", () -> listener.closed == 1 && chunk.connectionCount() == 0);
                assertThat(asked).containsExactly(new PeerIdentity(Role.GATE, 4, "gate"));
                assertThat(listener.reason).contains("does not take connections of role GATE");
            }
        });
    }

    // ---- payload that changes ----

    @Test
    void payloadThatDoesNotMatchItsChecksumIsNotExecuted() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK);
            pair.gate.useMemory(call.table, MemoryKind.SEALED);
            call.request(EchoService.ECHO, 1, pair.soonNs());
            // As if the guest had changed its memory between checksum and sending.
            call.outgoingChecksum(12345);
            assertThat(pair.connection.send(call.sending(BLOCK, 1).receiving(BLOCK, 1)))
                    .isTrue();
            pair.world.until("answered", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.PAYLOAD_CHANGED);
            assertThat(pair.chunkService.requests).isZero();
            call.request(EchoService.ECHO, 2, pair.soonNs());
            call.outgoingChecksum(12345);
            call.copyOutgoing();
            assertThat(pair.connection.send(call.sending(BLOCK, 1).receiving(BLOCK, 1)))
                    .isTrue();
            pair.world.until("answered", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.ANSWERED);
            assertNothingHeld(pair);
        });
    }

    @Test
    void damagedPayloadThatNobodyCanHaveChangedEndsTheConnection() {
        withPair(SMALL, pair -> {
            final TestCall call = new TestCall(BLOCK);
            pair.gate.useMemory(call.table, MemoryKind.OWN);
            call.request(EchoService.ECHO, 1, pair.soonNs());
            call.outgoingChecksum(12345);
            assertThat(pair.connection.send(call.sending(BLOCK, 1))).isTrue();
            pair.world.until("closed", () -> pair.chunkListener.closed == 1 && call.isDone());
            assertThat(call.status).isEqualTo(CallStatus.DISCONNECTED);
            assertThat(pair.chunkListener.reason).contains("payload checksum");
            assertThat(pair.chunkService.requests).isZero();
        });
    }

    // ---- allocation ----

    @Test
    void callsAllocateNothingOnEitherSide() {
        withPair(SMALL, pair -> {
            pair.chunkService.remember = false;
            final TestCall[] calls = new TestCall[16];
            for (int i = 0; i < calls.length; i++) {
                calls[i] = new TestCall(2 * BLOCK);
                if (i % 2 == 0) {
                    pair.gate.useMemory(calls[i].table, MemoryKind.SEALED);
                }
            }
            final Runnable round = () -> {
                for (final TestCall call : calls) {
                    call.request(EchoService.ECHO, 1, Long.MAX_VALUE - 1);
                    call.sending(2 * BLOCK, 2).receiving(2 * BLOCK, 2);
                    if (!pair.connection.send(call)) {
                        throw new AssertionError("not sent");
                    }
                }
                for (final TestCall call : calls) {
                    while (call.status == null) {
                        pair.world.turn();
                    }
                }
            };
            assertThat(AllocationProbe.bytesAllocated(4_000, 2_000, round)).isZero();
        });
    }

    static void fill(TestCall call, int seed) {
        for (long at = 0; at < call.out.byteSize(); at += 8) {
            call.out.set(ValueLayout.JAVA_LONG, at, (seed + at) * 0x9e37_79b9_7f4a_7c15L);
        }
        call.in.fill((byte) 0);
    }

    static void assertNothingHeld(Pair pair) {
        // An answer's memory is free once its sending is known to be over, which may be a pass later.
        pair.world.until(
                "all buffers are back",
                () -> pair.chunk.poolFreeBytes() == 8 << 20 && pair.gate.poolFreeBytes() == 8 << 20);
        assertThat(pair.connection.inFlight()).isZero();
    }
}
