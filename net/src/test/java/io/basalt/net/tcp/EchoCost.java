package io.basalt.net.tcp;

import io.basalt.block.RegionTable;
import io.basalt.linux.process.CpuClock;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.ClusterKey;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.Network.Acceptor;
import io.basalt.net.Network.MemoryKind;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.net.Service;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.thread.SystemClock;
import io.basalt.reactor.uring.UringEngine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A measurement: processor time per call of 4 KiB over loopback, each side by itself and both on one reactor.
///
/// Not a test. Arguments: how many milliseconds each figure takes (default 500), and the least of how many rounds
/// is shown (default 3).
final class EchoCost {
    private static final int BLOCK = 4096;
    private static final FaultHandler FAILS = (where, source, fault) -> fault.printStackTrace();
    private static final NetOptions BASE = NetOptions.DEFAULT.withBuffers(1 << 20, 16 << 20, 64 << 10, 16 << 10);

    private EchoCost() {}

    /// What a load does: sends a block, or gets one.
    private enum Load {
        WRITE(1),
        READ(2),
        EMPTY(3);

        final int type;

        Load(int type) {
            this.type = type;
        }
    }

    public static void main(String[] arguments) throws Exception {
        final long roundNs = (arguments.length > 0 ? Long.parseLong(arguments[0]) : 500) * 1_000_000;
        final int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3;
        System.out.println(
                "load    depth  memory      direct from   both sides, 1 reactor   caller   answerer  (ns CPU)");
        for (final Load load : Load.values()) {
            for (final int depth : new int[] {1, 32}) {
                for (final boolean registered :
                        load == Load.EMPTY ? new boolean[] {true} : new boolean[] {true, false}) {
                    for (final int direct : load == Load.EMPTY ? new int[] {16 << 10} : new int[] {16 << 10, 1}) {
                        show(load, depth, registered, direct, roundNs, rounds);
                    }
                }
            }
        }
    }

    private static void show(Load load, int depth, boolean registered, int direct, long roundNs, int rounds)
            throws Exception {
        final NetOptions options = BASE.withBuffers(1 << 20, 16 << 20, 64 << 10, direct);
        final double both = together(load, depth, registered, options, roundNs, rounds);
        final double[] sides = apart(load, depth, registered, options, roundNs, rounds);
        System.out.printf(
                Locale.ROOT,
                "%-7s %5d  %-10s %12d  %22.0f  %7.0f  %9.0f%n",
                load,
                depth,
                registered ? "registered" : "copied",
                direct,
                both,
                sides[0],
                sides[1]);
    }

    private static double together(
            Load load, int depth, boolean registered, NetOptions options, long roundNs, int rounds) {
        final Thread owner = Thread.currentThread();
        final UringEngine engine = UringEngine.open(512);
        final Reactor reactor = new Reactor(
                ReactorConfiguration.of("both", 0),
                SystemClock.INSTANCE,
                engine,
                () -> Thread.currentThread().equals(owner),
                FAILS);
        final TcpNetwork server = network(reactor, options, Role.CHUNK);
        final TcpNetwork client = network(reactor, options, Role.GATE);
        final Caller caller = new Caller(client, server.listen(anywhere(), acceptor()), load, depth, registered);
        final CpuClock cpu = CpuClock.ofThread();
        while (caller.count.get() < 60_000) {
            reactor.runOnce();
        }
        double least = Double.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            final long startNs = System.nanoTime();
            final long cpuNs = cpu.nowNs();
            final long count = caller.count.get();
            while (System.nanoTime() - startNs < roundNs) {
                reactor.runOnce();
            }
            least = Math.min(least, (double) (cpu.nowNs() - cpuNs) / (caller.count.get() - count));
        }
        caller.stop = true;
        client.close();
        server.close();
        while (!client.isClosed() || !server.isClosed()) {
            reactor.runOnce();
        }
        engine.close();
        return least;
    }

    private static double[] apart(
            Load load, int depth, boolean registered, NetOptions options, long roundNs, int rounds) throws Exception {
        final double[] least = {Double.MAX_VALUE, Double.MAX_VALUE};
        try (ReactorThread there = thread("answerer");
                ReactorThread here = thread("caller")) {
            final TcpNetwork server = in(there, () -> network(there.reactor(), options, Role.CHUNK));
            final NodeAddress address = in(there, () -> server.listen(anywhere(), acceptor()));
            final TcpNetwork client = in(here, () -> network(here.reactor(), options, Role.GATE));
            final Caller caller = in(here, () -> new Caller(client, address, load, depth, registered));
            while (caller.count.get() < 30_000) {
                Thread.onSpinWait();
            }
            for (int round = 0; round < rounds; round++) {
                final long hereNs = here.cpuClock().nowNs();
                final long thereNs = there.cpuClock().nowNs();
                final long count = caller.count.get();
                LockSupport.parkNanos(roundNs);
                final double calls = caller.count.get() - count;
                least[0] = Math.min(least[0], (here.cpuClock().nowNs() - hereNs) / calls);
                least[1] = Math.min(least[1], (there.cpuClock().nowNs() - thereNs) / calls);
            }
            caller.stop = true;
            close(here, client);
            close(there, server);
        }
        return least;
    }

    private static void close(ReactorThread thread, TcpNetwork network) throws Exception {
        in(thread, () -> {
            network.close();
            return network;
        });
        while (!in(thread, network::isClosed)) {
            Thread.onSpinWait();
        }
    }

    private static ReactorThread thread(String name) {
        return ReactorThread.start(
                ReactorConfiguration.of(name, 0).withIdleMode(IdleMode.INTERRUPT), () -> UringEngine.open(512), FAILS);
    }

    private static <T> T in(ReactorThread thread, Supplier<T> work) throws Exception {
        final CompletableFuture<T> done = new CompletableFuture<>();
        thread.reactor().post(() -> done.complete(work.get()));
        return done.get();
    }

    private static TcpNetwork network(Reactor reactor, NetOptions options, Role role) {
        return TcpNetwork.open(
                reactor, options, new ClusterKey(new byte[ClusterKey.BYTES]), new PeerIdentity(role, 1, "cost"));
    }

    private static NodeAddress anywhere() {
        return new NodeAddress("127.0.0.1", 0);
    }

    private static Acceptor acceptor() {
        return peer -> new Acceptance(EchoCost::answer, new Quiet());
    }

    private static void answer(Incoming request) {
        if (request.type() == Load.READ.type) {
            if (!request.takeAnswerBuffer(BLOCK)) {
                request.refuse();
                return;
            }
            request.answerPayload().reset(request.payloadTable());
            request.answerPayload().add(request.payloadRegion(), request.payloadOffset(), BLOCK);
        }
        request.answer(1, 16);
    }

    private static class Quiet implements ConnectionListener {
        @Override
        public void ready(Connection connection) {}

        @Override
        public void closed(Connection connection, String reason) {}
    }

    /// Keeps so many calls under way.
    private static final class Caller extends Quiet {
        final AtomicLong count = new AtomicLong();
        volatile boolean stop;

        private final Load load;
        private final Block[] blocks;

        Caller(TcpNetwork network, NodeAddress address, Load load, int depth, boolean registered) {
            this.load = load;
            blocks = new Block[depth];
            final MemorySegment memory = Arena.ofAuto().allocate((long) depth * BLOCK, BLOCK);
            final RegionTable table = new RegionTable(List.of(memory));
            if (registered) {
                network.useMemory(table, MemoryKind.SEALED);
            }
            for (int i = 0; i < depth; i++) {
                blocks[i] = new Block(this, table, i);
            }
            final Service nothing = Incoming::refuse;
            network.connect(address, nothing, this);
        }

        @Override
        public void ready(Connection connection) {
            for (final Block block : blocks) {
                block.connection = connection;
                block.send();
            }
        }
    }

    private static final class Block extends Call {
        private final Caller caller;
        private final RegionTable table;
        private final int number;
        private @Nullable Connection connection;

        Block(Caller caller, RegionTable table, int number) {
            super(Arena.ofAuto().allocate(2 * BODY_BYTES_MAX, 8), 1);
            this.caller = caller;
            this.table = table;
            this.number = number;
        }

        void send() {
            final Connection to = connection;
            if (to == null) {
                return;
            }
            begin(caller.load.type, 64, Long.MAX_VALUE);
            outgoing().reset(table);
            incoming().reset(table);
            if (caller.load == Load.WRITE) {
                outgoing().add(0, (long) number * BLOCK, BLOCK);
            } else if (caller.load == Load.READ) {
                incoming().add(0, (long) number * BLOCK, BLOCK);
            }
            if (!to.send(this)) {
                throw new IllegalStateException("not sent");
            }
        }

        @Override
        public void completed(CallStatus status, int code) {
            caller.count.setRelease(caller.count.getPlain() + 1);
            if (!caller.stop && status == CallStatus.ANSWERED) {
                send();
            }
        }
    }
}
