package io.basalt.endtoend.chaos.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Forwards TCP connections to one party, and does to them what it is told to.
///
/// ```
///   gate ────┐                       ┌──── rule for the gate: FLIP
///            ├──▶ FaultProxy ──▶ chunk server
///   chunk b ─┘                       └──── rule for chunk b: none
/// ```
///
/// Rules are by who has connected, so that a fault can be between any two parties.
///
/// Concurrency: a virtual thread accepts, and two forward for each connection, one in each direction. Rules are set
/// by any thread and looked at for each piece of bytes.
public final class FaultProxy implements AutoCloseable {
    private static final int BACKLOG = 128;

    private final ServerSocket listening;
    private final InetSocketAddress target;
    private final Connectors connectors;
    private final long seed;
    private final Map<String, Rule> rules = new ConcurrentHashMap<>();
    private final Set<Forwarding> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong connected = new AtomicLong();
    private final AtomicLong faults = new AtomicLong();
    private volatile boolean closed;

    /// What is done to a party's connections.
    ///
    /// @param delayNs for [WireFault#DELAY]
    record Rule(WireFault fault, long delayNs) {
        static final Rule NONE = new Rule(WireFault.NONE, 0);
    }

    private FaultProxy(ServerSocket listening, InetSocketAddress target, Connectors connectors, long seed) {
        this.listening = listening;
        this.target = target;
        this.connectors = connectors;
        this.seed = seed;
    }

    /// Listen on the loopback interface.
    ///
    /// @param port 0 for any
    /// @param target where connections are forwarded to; nobody needs to listen there yet
    /// @param seed of which pieces are damaged, and how
    public static FaultProxy listen(int port, InetSocketAddress target, Connectors connectors, long seed)
            throws IOException {
        final ServerSocket listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
        final FaultProxy proxy = new FaultProxy(listening, target, connectors, seed);
        Thread.ofVirtual().name("proxy-accept").start(proxy::accept);
        return proxy;
    }

    /// Where it listens.
    public int port() {
        return listening.getLocalPort();
    }

    /// Begin to do something to the connections that a party has made or will make.
    ///
    /// @param party who has connected; empty for everybody
    /// @param delayNs for [WireFault#DELAY]
    public void inject(String party, WireFault fault, long delayNs) {
        rules.put(party, new Rule(fault, delayNs));
        connections.forEach(Forwarding::ruleChanged);
    }

    /// Forward again as things come. Streams that were damaged go on with their damage; half-open connections end.
    public void heal() {
        rules.clear();
        connections.forEach(Forwarding::ruleChanged);
    }

    /// Connections accepted so far.
    public long connected() {
        return connected.get();
    }

    /// Pieces of bytes that were lost, damaged or doubled so far, and connections left half-open.
    public long faults() {
        return faults.get();
    }

    /// Names of who is connected now, each once, in order.
    public List<String> parties() {
        final Map<String, Forwarding> names = new TreeMap<>();
        connections.forEach(each -> names.put(each.party(), each));
        return List.copyOf(names.keySet());
    }

    Rule rule(String party) {
        final Rule own = rules.get(party);
        return own != null ? own : rules.getOrDefault("", Rule.NONE);
    }

    void countFault() {
        faults.incrementAndGet();
    }

    void ended(Forwarding connection) {
        connections.remove(connection);
    }

    boolean isClosed() {
        return closed;
    }

    private void accept() {
        while (!closed) {
            try {
                final Socket client = listening.accept();
                client.setTcpNoDelay(true);
                final long number = connected.incrementAndGet();
                Thread.ofVirtual().name("proxy-" + number).start(() -> serve(client, number));
            } catch (IOException ended) {
                if (!closed) {
                    System.err.println("basalt chaos: the proxy for " + target + " accepts no more: " + ended);
                }
                return;
            }
        }
    }

    private void serve(Socket client, long number) {
        final String party = connectors.nameOf((InetSocketAddress) client.getRemoteSocketAddress());
        final Forwarding forwarding = new Forwarding(this, client, party, seed + number);
        connections.add(forwarding);
        forwarding.run(target);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listening.close();
        connections.forEach(Forwarding::close);
    }
}
