package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.Commands;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.Network;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.net.meta.ContentCall;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.DetachRequest;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.Heartbeat;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.Subscription;
import io.basalt.wire.meta.VolumeName;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// A peer that has the cluster's key and says whatever it likes gets answers, and does no harm to others.
class HostileNodeTest {
    private static final int REQUESTS = 400;

    @Test
    void arbitraryRequestsAreAnsweredAndTheMetaserverGoesOn() {
        SeededTest.run(10, random -> {
            try (MetaWorld world = new MetaWorld(random)) {
                final MetaWorld.Node gate = world.cluster();
                final Role role = random.nextBoolean() ? Role.CHUNK : Role.GATE;
                final Network network = world.peer("stranger", role);
                final Connection connection = connect(world, network);
                for (int number = 0; number < REQUESTS && connection.state() == ConnectionState.READY; number++) {
                    ask(world, connection, random);
                }
                connection.close();
                world.until("everything is as before", () -> world.settled());
                assertThat(gate.client.ready()).isTrue();
                assertThat(world.set().map().devices()).hasSize(3);
                assertThat(world.service().state().nodes()).hasSize(4);
            }
        });
    }

    @Test
    void aToolThatIsNoNodeMayLookAndNotRegister() {
        SeededTest.run(1, random -> {
            try (MetaWorld world = new MetaWorld(random)) {
                world.cluster();
                final Connection connection = connect(world, world.peer("tool", Role.TOOL));
                assertThat(answer(
                                world,
                                connection,
                                MetaMessage.REGISTER,
                                Commands.gate(9).toContent()))
                        .isEqualTo(MetaCode.BAD_REQUEST.code());
                assertThat(answer(
                                world,
                                connection,
                                MetaMessage.CHANGE_PG,
                                new PgChange(1, 0, 1, PgChange.Kind.MAKE_PRIMARY, 2).toContent()))
                        .isEqualTo(MetaCode.NOT_REGISTERED.code());
                assertThat(answer(world, connection, MetaMessage.LOOKUP, new VolumeName("x").toContent()))
                        .isEqualTo(MetaCode.NOT_FOUND.code());
                final byte[] newer = new VolumeName("x").toContent();
                newer[0] = 9;
                assertThat(answer(world, connection, MetaMessage.LOOKUP, newer)).isEqualTo(MetaCode.UNSUPPORTED.code());
                assertThat(answer(world, connection, 0xff, new byte[0])).isEqualTo(MetaCode.UNSUPPORTED.code());
            }
        });
    }

    private static void ask(MetaWorld world, Connection connection, RandomGenerator random) {
        final List<byte[]> contents = List.of(
                new Heartbeat(1 + random.nextInt(5), List.of(new DeviceReport(1, 1, 1L << 40, true, 1))).toContent(),
                new Subscription(random.nextInt(5), List.of()).toContent(),
                new AttachRequest(new RequestId(1, random.nextInt()), random.nextInt(6), 5, "vm1", true).toContent(),
                new DetachRequest(1, 1).toContent(),
                new VolumeName("vm1").toContent(),
                new PgChange(1, random.nextInt(20), 1, PgChange.Kind.REMOVE_FROM_IN_SYNC, 1).toContent(),
                new byte[random.nextInt(100)]);
        final int type = random.nextInt(4) == 0
                ? random.nextInt(256)
                : MetaMessage.HEARTBEAT + random.nextInt(MetaMessage.CHANGE_PG - MetaMessage.HEARTBEAT + 1);
        final byte[] content = contents.get(random.nextInt(contents.size())).clone();
        for (int change = random.nextInt(3); change > 0 && content.length > 0; change--) {
            content[random.nextInt(content.length)] = (byte) random.nextInt();
        }
        answer(world, connection, type, content);
    }

    private static int answer(MetaWorld world, Connection connection, int type, byte[] content) {
        final AtomicInteger answered = new AtomicInteger(-1);
        final ContentCall call = new ContentCall();
        call.ask(
                type,
                content,
                Long.MAX_VALUE,
                (done, status, code) -> answered.set(status == CallStatus.ANSWERED ? code : 0));
        assertThat(connection.send(call)).isTrue();
        world.until("an answer to type " + type, () -> answered.get() >= 0);
        if (connection.state() == ConnectionState.READY) {
            assertThat(MetaCode.of(answered.get())).as("type " + type).isNotNull();
        }
        return answered.get();
    }

    private static Connection connect(MetaWorld world, Network network) {
        final Connection connection = network.connect(
                world.address,
                request -> {
                    if (request.type() == MetaMessage.MAP) {
                        request.answer(MetaCode.OK.code(), 0);
                    } else {
                        request.refuse();
                    }
                },
                new ConnectionListener() {
                    @Override
                    public void ready(Connection which) {}

                    @Override
                    public void closed(Connection which, String reason) {}
                });
        world.until("the stranger is connected", () -> connection.state() == ConnectionState.READY);
        return connection;
    }
}
