package io.basalt.net.session;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.NodeAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A gate and a chunk server of a world, and the connection from the one to the other.
final class Pair {
    final NetworkWorld world;
    final StreamNetwork gate;
    final StreamNetwork chunk;
    final EchoService gateService = new EchoService();
    final EchoService chunkService = new EchoService();
    final Listener gateListener = new Listener();
    final Listener chunkListener = new Listener();
    final NodeAddress address;
    final Connection connection;

    static final class Listener implements ConnectionListener {
        int ready;
        int closed;
        String reason = "";

        private @Nullable Connection connection;

        /// The connection, once it is ready.
        Connection connection() {
            return Objects.requireNonNull(connection, "it is ready");
        }

        @Override
        public void ready(Connection newConnection) {
            ready++;
            connection = newConnection;
        }

        @Override
        public void closed(Connection gone, String why) {
            closed++;
            reason = why;
        }
    }

    Pair(NetworkWorld world, NetOptions options) {
        this(world, options, options);
    }

    Pair(NetworkWorld world, NetOptions gateOptions, NetOptions chunkOptions) {
        this.world = world;
        gate = world.open("gate", gateOptions);
        chunk = world.open("chunk", chunkOptions);
        address = chunk.listen(world.address("chunk"), peer -> new Acceptance(chunkService, chunkListener));
        connection = gate.connect(address, gateService, gateListener);
        world.until("both sides are ready", () -> gateListener.ready == 1 && chunkListener.ready == 1);
        assert connection.state() == ConnectionState.READY;
    }

    long soonNs() {
        return world.nowNs() + 10_000_000_000L;
    }
}
