package io.basalt.net.sim;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetException;
import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptor;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.session.ByteStream;
import io.basalt.reactor.NanoClock;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The world that simulated networks live in: hosts by name, the connections between them, and what goes wrong
/// there.
///
/// Bytes inside one connection keep their order and are neither lost nor doubled, as with TCP; connections are
/// independent of each other, so what is sent over two of them arrives in any order. A partition or a clog holds
/// bytes back; when it lasts, signs of life fail to appear and both sides give up, each when it notices.
///
/// The clock is the world's and moves only between turns of the reactors: run every reactor until none has work,
/// then move the clock on to the earliest of [#nextEventNs()] and the reactors' timers. One thread.
public final class SimNetwork {
    /// How many times as long as the faults say a message takes now and then, at most.
    public static final int LONG_DELAY_FACTOR = 8;

    private static final int MILLION = 1_000_000;
    private static final int FIRST_FREE_PORT = 40_000;
    private static final int PIPE_BYTES = 256 << 10;
    private static final int LONG_DELAY_ODDS = 16;

    private final NanoClock clock;
    private final RandomSource random;
    private final Arena arena;
    private final Map<NodeAddress, Listening> listening = new HashMap<>();
    private final Map<String, List<SimEndpoint>> endpoints = new LinkedHashMap<>();
    private final List<SimPipe> pipes = new ArrayList<>();
    private final Set<Way> partitioned = new HashSet<>();
    private final Map<Way, Long> clogged = new HashMap<>();
    private final Map<String, Long> lagging = new HashMap<>();
    private SimFaults faults = SimFaults.NONE;
    private int nextPort = FIRST_FREE_PORT;

    /// How often it was changed what is held back.
    private long changes;

    private record Way(String from, String to) {}

    private record Listening(SimEndpoint endpoint, Acceptor acceptor) {}

    /// An empty world.
    ///
    /// @param random everything that happens at random is drawn from it, so that a seed repeats a run
    /// @param arena of the memory of all networks
    public SimNetwork(NanoClock clock, RandomSource random, Arena arena) {
        this.clock = clock;
        this.random = random;
        this.arena = arena;
    }

    /// The network of a process on a host.
    ///
    /// @param reactor which polls it from now on
    /// @param host name of the host, which stands where an address would
    public SimEndpoint open(Reactor reactor, String host, NetOptions options, ClusterKey key, PeerIdentity self) {
        final SimEndpoint endpoint = new SimEndpoint(this, reactor, options, key, self, random, arena, host);
        endpoints.computeIfAbsent(host, _ -> new ArrayList<>()).add(endpoint);
        return endpoint;
    }

    // ---- faults ----

    /// What goes wrong at random from now on.
    public void faults(SimFaults newFaults) {
        faults = newFaults;
    }

    /// Stop or resume the flow of bytes from one host to another; the other direction is not touched.
    public void partition(String from, String to, boolean stopped) {
        changes++;
        if (stopped) {
            partitioned.add(new Way(from, to));
        } else {
            partitioned.remove(new Way(from, to));
        }
    }

    /// Hold everything from one host to another back until a time.
    public void clog(String from, String to, long untilNs) {
        changes++;
        clogged.put(new Way(from, to), untilNs);
    }

    /// Let everything that a host sends or is sent take longer.
    ///
    /// @param extraNs how much longer; 0 for as long as ever
    public void lag(String host, long extraNs) {
        lagging.put(host, extraNs);
    }

    /// End every partition, clog and lag.
    public void heal() {
        changes++;
        partitioned.clear();
        clogged.clear();
        lagging.clear();
    }

    /// Break the connections between two hosts: each side learns of it by itself, a little later.
    ///
    /// @return how many there were
    public int disconnect(String one, String other) {
        int count = 0;
        for (final SimPipe pipe : pipes) {
            if (!pipe.broken
                    && ((pipe.from.equals(one) && pipe.to.equals(other))
                            || (pipe.from.equals(other) && pipe.to.equals(one)))) {
                breakPipe(pipe);
                count++;
            }
        }
        return count / 2;
    }

    /// The processes of a host are gone: nothing of their networks is called any more.
    ///
    /// @param silent power cut or pulled cable: peers hear nothing; otherwise their connections break
    public void crash(String host, boolean silent) {
        final List<SimEndpoint> gone = endpoints.remove(host);
        if (gone != null) {
            gone.forEach(SimEndpoint::crash);
        }
        for (final SimPipe pipe : pipes) {
            if (!silent && pipe.from.equals(host)) {
                pipe.senderGone = !pipe.broken;
                breakPipe(pipe);
            }
        }
        pipes.removeIf(pipe -> pipe.to.equals(host));
    }

    /// When something is due on any network of the world at the earliest; `Long.MAX_VALUE` for never.
    public long nextEventNs() {
        long nextNs = Long.MAX_VALUE;
        for (final List<SimEndpoint> ofHost : endpoints.values()) {
            for (final SimEndpoint endpoint : ofHost) {
                nextNs = Math.min(nextNs, endpoint.nextEventNs());
            }
        }
        return nextNs;
    }

    // ---- for endpoints ----

    /// Grows whenever what is held back changes.
    long changes() {
        return changes;
    }

    NodeAddress listen(SimEndpoint endpoint, NodeAddress address, Acceptor acceptor) {
        final NodeAddress actual = address.port() == 0 ? new NodeAddress(address.host(), nextPort++) : address;
        if (listening.putIfAbsent(actual, new Listening(endpoint, acceptor)) != null) {
            throw new NetException("cannot listen on " + actual + ": another process listens there");
        }
        return actual;
    }

    void unlisten(NodeAddress address) {
        listening.remove(address);
    }

    SimStream connect(SimEndpoint from, NodeAddress address, ByteStream.Handler handler) {
        final String host = from.host();
        final SimPipe there = pipe(host, address.host());
        final SimPipe back = pipe(address.host(), host);
        final long arrivalNs = nowNs() + delayNs();
        final boolean unreachable = isBlocked(there) || isBlocked(back) || !endpoints.containsKey(address.host());
        final long connectedNs = unreachable ? Long.MAX_VALUE - 1 : arrivalNs + delayNs();
        final SimStream stream = new SimStream(this, from, handler, address.toString(), there, back, connectedNs);
        if (unreachable) {
            return stream;
        }
        final Listening listener = listening.get(address);
        if (listener == null) {
            stream.breakOff("connection refused");
        } else {
            listener.endpoint.accepted(listener.acceptor, back, there, arrivalNs);
        }
        return stream;
    }

    /// A raw end of a connection to a listener, by which a test plays a peer byte by byte.
    public SimRawPeer connectRaw(NodeAddress address, String host) {
        final Listening listener = listening.get(address);
        if (listener == null) {
            throw new NetException("nobody listens on " + address);
        }
        final SimPipe there = pipe(host, address.host());
        final SimPipe back = pipe(address.host(), host);
        listener.endpoint.accepted(listener.acceptor, back, there, nowNs());
        return new SimRawPeer(this, there, back);
    }

    long nowNs() {
        return clock.nanoTime();
    }

    long delayNs() {
        final long spread = faults.delayMaxNs() - faults.delayMinNs();
        final long delayNs = faults.delayMinNs() + (spread == 0 ? 0 : below(spread + 1));
        return below(LONG_DELAY_ODDS) == 0 ? delayNs * (1 + below(LONG_DELAY_FACTOR)) : delayNs;
    }

    /// How long what is sent now takes.
    long delayNs(SimPipe pipe) {
        final long lagNs =
                lagging.isEmpty() ? 0 : lagging.getOrDefault(pipe.from, 0L) + lagging.getOrDefault(pipe.to, 0L);
        return delayNs() + lagNs;
    }

    /// How many of the bytes that have arrived are received at once.
    int pieceOf(int arrived) {
        return faults.piecesSplit() ? 1 + (int) below(arrived) : arrived;
    }

    /// Do to bytes that are on their way what the faults say.
    void mayHarm(SimPipe pipe, int length) {
        if (faults.damagedPerMillion() > 0 && below(MILLION) < faults.damagedPerMillion()) {
            pipe.damage(1 + below(length), 1 + (int) below(255));
        }
        if (faults.brokenPerMillion() > 0 && below(MILLION) < faults.brokenPerMillion()) {
            disconnect(pipe.from, pipe.to);
        }
    }

    boolean isBlocked(SimPipe pipe) {
        look(pipe);
        return pipe.blocked;
    }

    /// Until when bytes are held back; in the past if they are not.
    long clogEndNs(SimPipe pipe) {
        look(pipe);
        return pipe.clogEndNs;
    }

    /// See what is done to a pipe, if that has changed: it is asked for much more often than it changes.
    private void look(SimPipe pipe) {
        if (pipe.seenChanges != changes) {
            final Way way = new Way(pipe.from, pipe.to);
            pipe.seenChanges = changes;
            pipe.blocked = partitioned.contains(way);
            pipe.clogEndNs = clogged.getOrDefault(way, Long.MIN_VALUE);
        }
    }

    /// The sender has closed: the end arrives after everything before it.
    void endPipe(SimPipe pipe) {
        pipe.ended = true;
        pipe.endNs = nowNs() + delayNs();
        pipe.tellReader();
        pipes.remove(pipe);
    }

    private void breakPipe(SimPipe pipe) {
        pipe.broken = true;
        pipe.endNs = nowNs() + delayNs();
        pipe.tellReader();
    }

    private SimPipe pipe(String from, String to) {
        final SimPipe pipe = new SimPipe(from, to, PIPE_BYTES);
        pipes.add(pipe);
        return pipe;
    }

    private long below(long bound) {
        return Long.remainderUnsigned(random.nextLong(), bound);
    }
}
