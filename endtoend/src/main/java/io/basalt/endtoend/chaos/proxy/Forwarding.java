package io.basalt.endtoend.chaos.proxy;

import io.basalt.endtoend.chaos.proxy.FaultProxy.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// One connection through a proxy, as a socket on either side and a thread for each direction.
///
/// Concurrency: [#changed] wakes whoever is held back when a rule may have changed.
final class Forwarding {
    private static final int PIECE_BYTES = 64 << 10;
    private static final int CONNECT_LIMIT_MS = 2000;
    /// One piece in so many is damaged or doubled: some must pass, or no handshake would ever end.
    private static final int DAMAGED_OF = 16;

    private static final int BITS = 8;
    private static final long LOOK_AGAIN_MS = 50;

    private final FaultProxy proxy;
    private final Socket client;
    private final String party;
    private final long seed;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile Socket server = new Socket();
    private volatile boolean halfOpen;
    private volatile boolean closed;

    Forwarding(FaultProxy proxy, Socket client, String party, long seed) {
        this.proxy = proxy;
        this.client = client;
        this.party = party;
        this.seed = seed;
    }

    String party() {
        return party;
    }

    /// Forward until either side ends.
    void run(InetSocketAddress target) {
        try {
            awaitRelease(true);
            server.connect(target, CONNECT_LIMIT_MS);
            server.setTcpNoDelay(true);
            ruleChanged();
            final Thread back = Thread.ofVirtual().name("proxy-back").start(() -> pump(server, client, false));
            pump(client, server, true);
            back.join();
        } catch (IOException refused) {
            // Nobody is there: the client is told the same way.
            close();
        } catch (InterruptedException interrupted) {
            close();
            Thread.currentThread().interrupt();
        } finally {
            close();
            proxy.ended(this);
        }
    }

    /// A rule may have changed.
    void ruleChanged() {
        final WireFault fault = rule().fault();
        if (fault == WireFault.HALF_OPEN && !halfOpen && server.isConnected()) {
            halfOpen = true;
            proxy.countFault();
            reset(server);
        } else if (fault != WireFault.HALF_OPEN && halfOpen) {
            close();
        }
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Rule rule() {
        return proxy.rule(party);
    }

    private void pump(Socket from, Socket to, boolean towardsServer) {
        final Random random = new Random(towardsServer ? seed : ~seed);
        final byte[] piece = new byte[PIECE_BYTES];
        try {
            final InputStream in = from.getInputStream();
            final OutputStream out = to.getOutputStream();
            while (true) {
                awaitRelease(towardsServer);
                final int length = in.read(piece);
                if (length < 0) {
                    break;
                }
                // The rule may have come while this waited for bytes.
                awaitRelease(towardsServer);
                forward(piece, length, out, random);
            }
        } catch (IOException ended) {
            // Either side has gone; the other is told below.
            closed |= !halfOpen;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (halfOpen && !towardsServer) {
            return;
        }
        if (halfOpen) {
            swallow(from);
        }
        close();
    }

    /// The client of a half-open connection may send what it likes; nobody hears it.
    private static void swallow(Socket from) {
        try {
            from.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException ended) {
            // That is what was waited for.
            return;
        }
    }

    private void forward(byte[] piece, int length, OutputStream out, Random random)
            throws IOException, InterruptedException {
        final Rule rule = rule();
        final boolean damaged = random.nextInt(DAMAGED_OF) == 0;
        switch (rule.fault()) {
            case DROP -> proxy.countFault();
            case DELAY -> {
                LockSupport.parkNanos(rule.delayNs());
                out.write(piece, 0, length);
            }
            case FLIP -> {
                if (damaged) {
                    piece[random.nextInt(length)] ^= (byte) (1 << random.nextInt(BITS));
                    proxy.countFault();
                }
                out.write(piece, 0, length);
            }
            case DUPLICATE -> {
                if (damaged) {
                    proxy.countFault();
                }
                out.write(piece, 0, length);
                if (damaged) {
                    final int begin = random.nextInt(length);
                    out.write(piece, begin, 1 + random.nextInt(length - begin));
                }
            }
            case HALF_OPEN -> {}
            case NONE, PARTITION, PARTITION_REQUESTS, PARTITION_ANSWERS -> out.write(piece, 0, length);
        }
    }

    /// Wait while bytes in this direction are held back.
    private void awaitRelease(boolean towardsServer) throws InterruptedException {
        if (!rule().fault().holds(towardsServer)) {
            return;
        }
        lock.lock();
        try {
            while (rule().fault().holds(towardsServer) && !closed && !proxy.isClosed()) {
                changed.await(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS);
            }
        } finally {
            lock.unlock();
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException alreadyGone) {
            // Then there is nobody left to tell.
            return;
        }
    }

    void close() {
        closed = true;
        try {
            client.close();
            server.close();
        } catch (IOException alreadyGone) {
            // Closing a socket that has failed says so; it is closed all the same.
            return;
        }
    }
}
