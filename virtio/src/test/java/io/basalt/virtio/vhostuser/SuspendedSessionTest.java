package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Sessions on their way from one process to another, and those that stay after all.
class SuspendedSessionTest {
    private final List<String> heard = new ArrayList<>();

    private void suspend(SessionRig rig) {
        rig.session.suspend(() -> heard.add("suspended"));
    }

    private void resume(SessionRig rig) {
        rig.session.resume(refusal -> {
            heard.add(refusal == null ? "resumed" : refusal);
            rig.session.open();
        });
        rig.pump();
    }

    /// What the other process gets: the same files under other numbers.
    private static SessionImage passed(FakeSystem from, FakeSystem to, SessionImage image) {
        final java.util.function.IntUnaryOperator pass = fd -> fd < 0 ? -1 : to.open(from.file(fd));
        final SessionImage.Inflight inflight = image.inflight();
        final SessionImage.Log log = image.log();
        return new SessionImage(
                image.features(),
                image.protocolFeatures(),
                image.status(),
                image.configRead(),
                image.configPending(),
                image.serving(),
                pass.applyAsInt(image.backendFd()),
                image.regions().stream()
                        .map(region -> new SessionImage.Region(region.description(), pass.applyAsInt(region.fd())))
                        .toList(),
                inflight == null
                        ? null
                        : new SessionImage.Inflight(
                                inflight.mapOffset(),
                                inflight.queueCount(),
                                inflight.queueSize(),
                                pass.applyAsInt(inflight.fd())),
                log == null ? null : new SessionImage.Log(log.size(), log.mapOffset(), pass.applyAsInt(log.fd())),
                image.rings().stream()
                        .map(ring -> new SessionImage.RingImage(
                                ring.index(),
                                ring.size(),
                                ring.addressed(),
                                ring.descriptorAddress(),
                                ring.driverAddress(),
                                ring.deviceAddress(),
                                ring.usedLogAddress(),
                                ring.base(),
                                ring.enabled(),
                                ring.runs(),
                                pass.applyAsInt(ring.kickFd()),
                                pass.applyAsInt(ring.callFd()),
                                pass.applyAsInt(ring.errorFd())))
                        .toList());
    }

    private static SessionRig restored(SessionRig from) {
        final SessionRig to = new SessionRig(new FakeSystem());
        final SessionImage image = passed(from.system, to.system, from.session.image());
        try {
            to.session = VhostUserSession.restore(image, to.device, to, to.system, to.system);
        } catch (RefusedException refused) {
            throw new AssertionError(refused);
        }
        return to;
    }

    @Test
    void goesOnInAnotherProcessFromWhereItsRingsStopped() {
        final SessionRig first = SessionRig.serving(2);
        first.device.served[1] = 7;

        suspend(first);
        assertThat(heard).containsExactly("suspended");
        assertThat(first.device.told).containsExactly("stop 0", "stop 1");
        final SessionRig second = restored(first);
        first.session.surrender();

        assertThat(first.surrendered).isTrue();
        first.system.assertBalanced();
        assertThat(second.session.ringState(0)).isEqualTo(RingState.PARKED);
        resume(second);
        assertThat(heard).containsExactly("suspended", "resumed");
        assertThat(second.device.told).contains("start 0 enabled", "start 1 enabled");
        assertThat(second.askState(GET_VRING_BASE, 1, 0)).isEqualTo(7L << 32 | 1);
        assertThat(second.requests)
                .as("a front end that has read its configuration is not told of it again")
                .isEmpty();
        second.hangUp();
    }

    @Test
    void staysWithItsOwnerWhenTheOtherProcessDoesNotCome() {
        final SessionRig rig = SessionRig.serving(2);
        suspend(rig);
        rig.device.told.clear();

        resume(rig);

        assertThat(heard).containsExactly("suspended", "resumed");
        assertThat(rig.device.told).containsExactly("start 0 enabled", "start 1 enabled");
        assertThat(rig.askState(SET_VRING_ENABLE, 0, 0)).isZero();
        rig.hangUp();
    }

    @Test
    void readsNothingWhileItIsSuspendedAndEverythingAfterwards() {
        final SessionRig rig = SessionRig.serving(1);
        suspend(rig);
        rig.tell(rig.begin(GET_STATUS, VERSION, 0));
        rig.assertSilent();

        resume(rig);

        assertThat(rig.reply(GET_STATUS, U64_SIZE).message().u64()).isEqualTo(0xf);
        rig.hangUp();
    }

    @Test
    void waitsForTheEndOfAMessageThatHasBegun() {
        final SessionRig rig = SessionRig.serving(1);
        final byte[] message =
                rig.begin(GET_STATUS, VERSION, 0).bytes().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        rig.tell(java.util.Arrays.copyOf(message, 5));

        suspend(rig);
        assertThat(heard).isEmpty();
        rig.tell(java.util.Arrays.copyOfRange(message, 5, message.length));

        assertThat(rig.reply(GET_STATUS, U64_SIZE).message().u64()).isEqualTo(0xf);
        assertThat(heard).containsExactly("suspended");
        rig.hangUp();
    }

    @Test
    void waitsForTheAnswerOfAMessageThatQueuesAreBusyWith() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.holding = true;
        rig.tell(rig.begin(SET_VRING_ENABLE, VERSION | NEED_REPLY_MASK, VRING_STATE_SIZE)
                .state(0, 0));
        suspend(rig);
        assertThat(heard).isEmpty();

        rig.acknowledge();

        assertThat(rig.reply(SET_VRING_ENABLE, U64_SIZE).message().u64()).isZero();
        rig.acknowledge();
        assertThat(heard).containsExactly("suspended");
        assertThat(rig.session.image().rings().getFirst().enabled()).isFalse();
        rig.device.holding = false;
        rig.hangUp();
    }

    @Test
    void takesTheWishBackWhileItsRingsAreStillBusy() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.holding = true;
        suspend(rig);
        resume(rig);
        assertThat(heard).isEmpty();

        rig.acknowledge();
        rig.acknowledge();

        assertThat(heard).containsExactly("resumed");
        assertThat(rig.device.told).containsExactly("stop 0", "stop 1", "start 0 enabled", "start 1 enabled");
        rig.device.holding = false;
        rig.hangUp();
    }

    @Test
    void isSuspendedAnewBeforeItHasQuiteResumed() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        suspend(rig);
        resume(rig);
        rig.session.suspend(() -> heard.add("suspended anew"));

        for (int i = 0; i < 3; i++) {
            rig.acknowledge();
        }

        assertThat(heard).containsExactly("resumed", "suspended anew");
        assertThat(rig.device.told).containsExactly("stop 0", "start 0 enabled", "stop 0");
        rig.device.holding = false;
        rig.hangUp();
    }

    @Test
    void closesInTheMiddleOfASuspension() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.holding = true;
        suspend(rig);

        rig.session.close("guest memory was taken away");
        assertThat(rig.closed).isFalse();
        rig.acknowledge();

        assertThat(heard).isEmpty();
        assertThat(rig.closed).isTrue();
        rig.system.assertBalanced();
    }

    @Test
    void handsOverInflightRegionAndDirtyLog() {
        final SessionRig first =
                new SessionRig().negotiate(SessionRig.ALL_PROTOCOL, SessionRig.BASIC | VHOST_F_LOG_ALL);
        first.tell(first.table(SessionRig.region()), first.memory());
        first.tell(
                first.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE)
                        .map(1 << 20, 4096)
                        .inflightQueues(2, 128),
                first.memory());
        first.tell(first.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(1 << 16, 8192), first.memory());
        first.startRing(1);
        first.sent.clear();
        suspend(first);

        final SessionRig second = restored(first);
        first.session.surrender();
        second.device.told.clear();
        resume(second);

        assertThat(second.device.told).containsExactly("start 1 enabled logging inflight");
        assertThat(second.session.image().inflight())
                .isNotNull()
                .extracting(SessionImage.Inflight::mapOffset)
                .isEqualTo(4096L);
        assertThat(second.session.image().log())
                .isNotNull()
                .extracting(SessionImage.Log::mapOffset)
                .isEqualTo(8192L);
        first.system.assertBalanced();
        second.hangUp();
    }

    @Test
    void refusesFeaturesThatAreNotOfferedAndLeavesNothingOpen() {
        final SessionRig first = SessionRig.serving(2);
        suspend(first);
        final FakeSystem system = new FakeSystem();
        final SessionRig second = new SessionRig(system);
        final SessionImage image = passed(first.system, system, first.session.image());
        final SessionImage strange = new SessionImage(
                image.features() | 1L << 50,
                image.protocolFeatures(),
                image.status(),
                true,
                false,
                true,
                image.backendFd(),
                image.regions(),
                image.inflight(),
                image.log(),
                image.rings());

        assertThatThrownBy(() -> VhostUserSession.restore(strange, second.device, second, system, system))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("not offered here");

        system.assertBalanced();
        resume(first);
        first.hangUp();
    }

    @Test
    void neverLeaksWhateverAnImageSays() {
        SeededTest.run(300, SuspendedSessionTest::restoreMutated);
    }

    private static void restoreMutated(RandomGenerator random) {
        final SessionRig first = SessionRig.serving(2);
        first.session.suspend(() -> {});
        final FakeSystem system = new FakeSystem();
        final SessionRig second = new SessionRig(system);
        final SessionImage image = passed(first.system, system, first.session.image());
        final SessionImage.RingImage ring = image.rings().getFirst();
        final List<SessionImage.RingImage> rings = new ArrayList<>(image.rings());
        rings.set(
                0,
                new SessionImage.RingImage(
                        ring.index(),
                        random.nextBoolean() ? ring.size() : random.nextInt(),
                        random.nextInt(4) > 0,
                        random.nextBoolean() ? ring.descriptorAddress() : random.nextLong(),
                        ring.driverAddress(),
                        ring.deviceAddress() + (random.nextBoolean() ? 0 : random.nextInt()),
                        -1,
                        random.nextInt(1 << 17),
                        true,
                        true,
                        ring.kickFd(),
                        ring.callFd(),
                        ring.errorFd()));
        final SessionImage mutated = new SessionImage(
                image.features(),
                image.protocolFeatures(),
                image.status(),
                true,
                false,
                true,
                image.backendFd(),
                image.regions(),
                image.inflight(),
                image.log(),
                rings);
        try {
            second.session = VhostUserSession.restore(mutated, second.device, second, system, system);
            second.session.close("enough");
        } catch (RefusedException expected) {
            assertThat(expected.reason()).isNotBlank();
        }

        system.assertBalanced();
        first.hangUp();
    }
}
