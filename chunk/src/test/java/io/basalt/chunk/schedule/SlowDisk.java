package io.basalt.chunk.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A disk, a scheduler before it or none, and gates that send to it as gates do: in virtual time, one
/// thread.
///
/// A gate gives each attempt five seconds, then sends again; what was refused it sends again after the
/// time it was told, spread. Without a scheduler a request goes to the disk when it comes, unless a
/// thousand are there.
final class SlowDisk {
    static final long SECOND_NS = 1_000_000_000L;
    private static final long MS_NS = 1_000_000L;
    private static final long ATTEMPT_NS = 5 * SECOND_NS;
    private static final long TICK_NS = 10 * MS_NS;
    private static final int UNSCHEDULED_MAX = 1024;

    private record Event(long atNs, long order, Runnable what) {}

    private final RandomGenerator random;
    private final @Nullable Scheduler scheduler;
    private final long serviceNs;
    private final PriorityQueue<Event> events = new PriorityQueue<>((one, other) ->
            one.atNs == other.atNs ? Long.compare(one.order, other.order) : Long.compare(one.atNs, other.atNs));
    private final ArrayDeque<Request> disk = new ArrayDeque<>();
    private final List<Client> clients = new ArrayList<>();
    private int servers;
    private long eventCount;
    private long nowNs;
    private long timeouts;
    private long attempts;
    private boolean isRepairing;
    private long repaired;
    private long forgotNs;

    /// @param settings of the scheduler; null for none
    /// @param servers requests that the disk works on at once
    SlowDisk(RandomGenerator random, @Nullable ScheduleSettings settings, int servers, double perSecond) {
        this.random = random;
        this.servers = servers;
        serviceNs = (long) (SECOND_NS / perSecond * servers);
        scheduler = settings == null ? null : new Scheduler(settings, 0);
        every(TICK_NS, () -> {
            if (scheduler != null) {
                scheduler.tick(nowNs);
            }
        });
    }

    long nowNs() {
        return nowNs;
    }

    Scheduler scheduler() {
        if (scheduler == null) {
            throw new IllegalStateException("there is none");
        }
        return scheduler;
    }

    /// Attempts that were given up.
    long timeouts() {
        return timeouts;
    }

    long attempts() {
        return attempts;
    }

    List<Client> clients() {
        return clients;
    }

    /// Operations of all clients that have ended.
    long done() {
        return clients.stream().mapToLong(Client::done).sum();
    }

    /// Begin to count anew.
    void forget() {
        clients.forEach(Client::forget);
        forgotNs = nowNs;
        timeouts = 0;
        attempts = 0;
        repaired = 0;
    }

    long repaired() {
        return repaired;
    }

    void run(long ns) {
        final long untilNs = nowNs + ns;
        while (!events.isEmpty() && events.peek().atNs <= untilNs) {
            final Event event = events.remove();
            nowNs = event.atNs;
            event.what.run();
        }
        nowNs = untilNs;
    }

    private void at(long atNs, Runnable what) {
        events.add(new Event(atNs, eventCount++, what));
    }

    private void every(long ns, Runnable what) {
        at(nowNs + ns, () -> {
            what.run();
            every(ns, what);
        });
    }

    /// Repair from now on, as much as the scheduler lets it.
    void repairAtFullSpeed(int jobs) {
        isRepairing = true;
        for (int job = 0; job < jobs; job++) {
            new Repair().again();
        }
    }

    /// A client of one volume, whose operations come at random times.
    Client client(long volumeId, int weight, double perSecond, int outstandingMax) {
        final Client client = new Client(volumeId, weight, perSecond, outstandingMax);
        clients.add(client);
        client.next();
        return client;
    }

    /// What is at the disk.
    private abstract class Request extends Job {
        private long sentNs;
        private final Origin origin;

        Request(Origin origin) {
            this.origin = origin;
        }

        @Override
        protected void admitted() {
            sentNs = nowNs;
            if (scheduler != null) {
                scheduler.began(origin);
            }
            disk.add(this);
            serve();
        }

        abstract void served();
    }

    private void serve() {
        if (servers == 0 || disk.isEmpty()) {
            return;
        }
        servers--;
        final Request request = disk.remove();
        final long tookNs = Math.round(serviceNs * random.nextDouble(0.5, 1.5));
        at(nowNs + tookNs, () -> {
            servers++;
            if (scheduler != null) {
                scheduler.ended(request.origin, nowNs - request.sentNs);
            }
            request.served();
            if (scheduler != null) {
                scheduler.dispatch(nowNs);
            }
            serve();
        });
    }

    private final class Repair extends Request {
        Repair() {
            super(Origin.BACKGROUND);
        }

        void again() {
            if (isRepairing) {
                scheduler().offer(this, Background.REPAIR, 4096, nowNs);
            }
        }

        @Override
        void served() {
            repaired++;
            at(nowNs, this::again);
        }

        @Override
        protected void dropped() {
            throw new AssertionError("somebody always waits for repair");
        }

        @Override
        protected long deadlineNs() {
            return Long.MAX_VALUE;
        }
    }

    /// See [SlowDisk#client].
    final class Client {
        private final long volumeId;
        private final int weight;
        private final int outstandingMax;
        private double perSecond;
        private int outstanding;
        private int life;
        private long done;
        private final List<Long> latencies = new ArrayList<>();

        private Client(long volumeId, int weight, double perSecond, int outstandingMax) {
            this.volumeId = volumeId;
            this.weight = weight;
            this.perSecond = perSecond;
            this.outstandingMax = outstandingMax;
        }

        int weight() {
            return weight;
        }

        long done() {
            return done;
        }

        List<Long> latencies() {
            return latencies;
        }

        private void forget() {
            done = 0;
            latencies.clear();
        }

        private void ended(long begunNs) {
            done++;
            if (begunNs >= forgotNs) {
                latencies.add(nowNs - begunNs);
            }
        }

        /// The guest is gone with all that it had under way, and another one comes that asks for less.
        void reborn(double newPerSecond) {
            life++;
            outstanding = 0;
            perSecond = newPerSecond;
            next();
        }

        private void next() {
            final int mine = life;
            final double pause = -Math.log(1 - random.nextDouble()) / perSecond;
            at(nowNs + Math.round(pause * SECOND_NS), () -> {
                if (life == mine) {
                    if (outstanding < outstandingMax) {
                        outstanding++;
                        new Operation(this).send();
                    }
                    next();
                }
            });
        }
    }

    private final class Operation {
        private final Client client;
        private final int life;
        private final long begunNs = nowNs;
        private int refusals;
        private boolean isDone;

        Operation(Client client) {
            this.client = client;
            life = client.life;
        }

        void send() {
            if (life == client.life && !isDone) {
                attempts++;
                new Attempt(this).send();
            }
        }

        void done() {
            if (!isDone) {
                isDone = true;
                if (life == client.life) {
                    client.outstanding--;
                    client.ended(begunNs);
                }
            }
        }
    }

    private final class Attempt extends Request {
        private final Operation operation;
        private final long deadlineNs = nowNs + ATTEMPT_NS;
        private boolean isOver;

        Attempt(Operation operation) {
            super(Origin.CLIENT);
            this.operation = operation;
        }

        void send() {
            if (scheduler == null) {
                if (disk.size() < UNSCHEDULED_MAX) {
                    admitted();
                } else {
                    refused(Math.min((MS_NS / 2) << Math.min(operation.refusals, 20), 50 * MS_NS));
                    return;
                }
            } else {
                final long retryNs =
                        scheduler.offer(this, operation.client.volumeId, operation.client.weight, 4096, nowNs);
                if (retryNs != Scheduler.TAKEN) {
                    refused(retryNs);
                    return;
                }
            }
            at(deadlineNs, () -> {
                if (!isOver && operation.life == operation.client.life) {
                    timeouts++;
                    isOver = true;
                    operation.send();
                }
            });
        }

        private void refused(long retryNs) {
            operation.refusals++;
            at(nowNs + Math.round(retryNs * random.nextDouble(1, 2)), operation::send);
        }

        @Override
        void served() {
            if (!isOver) {
                isOver = true;
                operation.done();
            }
        }

        @Override
        protected void dropped() {}

        @Override
        protected long deadlineNs() {
            return deadlineNs;
        }
    }
}
