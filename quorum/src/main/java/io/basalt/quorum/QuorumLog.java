package io.basalt.quorum;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.Replica;
import io.basalt.meta.log.Replication;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.wire.meta.MetaFormatException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The [MetaLog] of several metaservers, kept by Raft.
///
/// Everything that waits is proposed as one batch, and the next batch when that has ended, so that entries come into
/// the log in the order in which they were appended. A batch whose proposal fails is uncertain as a whole: Raft may
/// still commit it.
///
/// A replica that Raft has made the leader first proposes an entry of its own. When it reads that, it has read all that
/// leaders before it have committed, and only then it leads as far as its reader is concerned; the others learn from
/// the same entry where it answers.
///
/// Everything here belongs to the owner's reactor, [#close()] excepted; [RaftMachine] and [RaftProcess] meet Ratis'
/// threads.
public final class QuorumLog implements MetaLog {
    private static final long RETRY_MS = 100;

    private final QuorumOptions options;
    private final Executor owner;
    private final long proposer;
    private final RaftMachine machine;
    private final RaftProcess process;
    private final RaftReplication replication;
    private final SortedMap<Integer, StateSnapshot.Place> places = new TreeMap<>();
    private final List<Consumer<LogReader>> early = new ArrayList<>();
    private final Deque<Append> waiting = new ArrayDeque<>();
    private @Nullable LogReader reader;
    private @Nullable Flight flight;
    private long index;
    private long numbers;
    private int leaderId;
    private boolean ready;
    private volatile boolean leads;
    private long reign;
    private boolean halted;
    private volatile boolean closed;

    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    private record Append(byte[] entry, AppendOutcome outcome) {}

    /// What is proposed and has not ended.
    private record Flight(long number, List<Append> appends) {}

    private QuorumLog(QuorumOptions options, Executor owner, long proposer, @Nullable SnapshotFile beginning) {
        this.options = options;
        this.owner = owner;
        this.proposer = proposer;
        final StateSnapshot seed =
                beginning == null ? null : new StateSnapshot(beginning.index(), new TreeMap<>(), beginning.state());
        this.machine = new RaftMachine(new Posted(), seed);
        this.process = new RaftProcess(options, machine);
        this.replication = new RaftReplication(process, options, owner, this::place, () -> leads, () -> leaderId);
    }

    /// Opens this replica's part of the log, or begins it. Waits for the disk, and for nobody else.
    ///
    /// @param owner runs a command in the reader's reactor, later, in the order given
    /// @param proposer drawn at random for this process
    /// @param beginning the state that a new log begins with; null for none. Only for a quorum of one: others would
    ///     begin with nothing
    /// @throws MetaLogException if it cannot be opened: says what, why, and what to do
    public static QuorumLog open(
            QuorumOptions options, Executor owner, long proposer, @Nullable SnapshotFile beginning) {
        if (beginning != null && (options.members().size() > 1 || options.join())) {
            throw new MetaLogException("quorum: the log of a single metaserver becomes that of a quorum of this one"
                    + " alone; list only " + options.id() + "@" + options.self()
                    + " and do not join, then add the others with `basalt meta add`");
        }
        final QuorumLog log = new QuorumLog(options, owner, proposer, beginning);
        log.process.start();
        return log;
    }

    @Override
    public void start(LogReader newReader) {
        assert reader == null : "a log is started once";
        owner.execute(() -> {
            reader = newReader;
            final List<Consumer<LogReader>> events = List.copyOf(early);
            early.clear();
            events.forEach(event -> event.accept(newReader));
        });
    }

    @Override
    public void append(byte[] entry, AppendOutcome outcome) {
        assert entry.length > 0;
        assert entry.length <= ENTRY_BYTES_MAX;
        if (!leads || closed) {
            final String reason = closed ? "the log is closed" : "this replica does not lead";
            owner.execute(() -> outcome.rejected(reason));
            return;
        }
        waiting.addLast(new Append(entry, outcome));
        pump();
    }

    @Override
    public Replication replication() {
        return replication;
    }

    @Override
    public int understood() {
        return process.understood();
    }

    /// Ends. Any thread; waits until Ratis has stopped. What was not heard of is uncertain.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        machine.closing();
        process.close();
        owner.execute(() -> giveUp("the log was closed"));
    }

    private StateSnapshot.@Nullable Place place(int id) {
        return places.get(id);
    }

    /// Proposes everything that waits, unless something is under way.
    private void pump() {
        if (flight != null || waiting.isEmpty() || !leads) {
            return;
        }
        final List<Append> appends = new ArrayList<>();
        final List<byte[]> entries = new ArrayList<>();
        long bytes = 0;
        while (!waiting.isEmpty() && appends.size() < RaftEntry.BATCH_MAX) {
            bytes += waiting.getFirst().entry.length;
            if (bytes > ENTRY_BYTES_MAX && !appends.isEmpty()) {
                break;
            }
            final Append next = waiting.removeFirst();
            appends.add(next);
            entries.add(next.entry);
        }
        final Flight started = new Flight(++numbers, appends);
        flight = started;
        propose(new RaftEntry.Batch(proposer, started.number, entries), failure -> ended(started, failure));
    }

    private void propose(RaftEntry entry, Consumer<@Nullable String> ended) {
        process.propose(RaftEntry.toBytes(entry), failure -> owner.execute(() -> ended.accept(failure)));
    }

    /// A batch was refused, or read: then it is not under way any more.
    private void ended(Flight which, @Nullable String failure) {
        if (!isUnderWay(which.number)) {
            return;
        }
        flight = null;
        final String reason = failure == null ? "the entry was committed, and not read here" : failure;
        which.appends.forEach(append -> append.outcome.uncertain(reason));
        pump();
    }

    private boolean isUnderWay(long number) {
        final Flight open = flight;
        return open != null && open.number == number;
    }

    private void announce(long which) {
        if (!ready || reign != which || closed) {
            return;
        }
        propose(new RaftEntry.Leadership(proposer, which, options.id(), options.rest(), options.nodes()), failure -> {
            if (failure != null) {
                CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS, owner)
                        .execute(() -> announce(which));
            }
        });
    }

    private void read(LogReader listening, byte[] bytes) {
        if (halted) {
            return;
        }
        final RaftEntry entry;
        try {
            entry = RaftEntry.of(bytes);
        } catch (MetaFormatException e) {
            halt("the log cannot be followed: " + e.getMessage());
            listening.failed("the log cannot be followed: " + e.getMessage());
            return;
        }
        switch (entry) {
            case RaftEntry.Leadership leadership -> read(listening, leadership);
            case RaftEntry.Batch batch -> read(listening, batch);
        }
    }

    private void read(LogReader listening, RaftEntry.Batch batch) {
        final List<Append> own = batch.proposer() == proposer && isUnderWay(batch.number()) && flight != null
                ? flight.appends
                : List.of();
        for (int at = 0; at < batch.entries().size(); at++) {
            listening.committed(++index, batch.entries().get(at));
            if (!own.isEmpty()) {
                own.get(at).outcome.committed(index);
            }
            if (!listening.follows()) {
                if (!own.isEmpty()) {
                    own.subList(at + 1, own.size())
                            .forEach(append -> append.outcome.uncertain("this replica has stopped"));
                    flight = null;
                }
                halt("this replica does not follow the log any more");
                return;
            }
        }
        if (!own.isEmpty()) {
            flight = null;
            pump();
        }
    }

    private void read(LogReader listening, RaftEntry.Leadership leadership) {
        places.put(leadership.id(), new StateSnapshot.Place(leadership.rest(), leadership.nodes()));
        if (leadership.proposer() == proposer && leadership.number() == reign && ready && !leads) {
            leads = true;
            leaderId = options.id();
            listening.leading(true);
        } else if (leadership.id() == leaderId && !leads) {
            tellLeader(listening);
        }
    }

    private void tellLeader(LogReader listening) {
        Replica found = null;
        for (final Replica each : replication.replicas()) {
            if (each.id() == leaderId) {
                found = each;
            }
        }
        listening.following(found);
    }

    private void notLeader(LogReader listening) {
        ready = false;
        reign++;
        giveUp("another replica leads");
        if (leads) {
            leads = false;
            listening.leading(false);
        }
    }

    /// What is proposed may be committed; what waits never will.
    private void giveUp(String reason) {
        final Flight open = flight;
        flight = null;
        if (open != null) {
            open.appends.forEach(append -> append.outcome.uncertain(reason));
        }
        final List<Append> never = List.copyOf(waiting);
        waiting.clear();
        never.forEach(append -> append.outcome.rejected(reason));
    }

    /// Stops without telling the reader, who knows. The others go on without this replica.
    private void halt(String reason) {
        halted = true;
        leads = false;
        ready = false;
        giveUp(reason);
        machine.closing();
        // Ratis waits for its threads; the owner must not.
        Thread.ofPlatform().name("meta-quorum-halt").daemon().start(process::close);
    }

    /// Has the owner do something with the reader, now or when it is there.
    private void inOwner(Consumer<LogReader> event) {
        owner.execute(() -> {
            final LogReader listening = reader;
            if (listening == null) {
                early.add(event);
            } else if (!closed) {
                event.accept(listening);
            }
        });
    }

    /// Brings what happens in Ratis' threads to the owner.
    private final class Posted implements RaftMachine.Events {
        @Override
        public void restored(StateSnapshot snapshot) {
            inOwner(listening -> {
                places.putAll(snapshot.places());
                index = snapshot.index();
                listening.restore(index, snapshot.state());
                if (!listening.follows()) {
                    halt("this replica cannot follow the log");
                }
            });
        }

        @Override
        public void committed(byte[] entry, Runnable done) {
            inOwner(listening -> {
                try {
                    read(listening, entry);
                } finally {
                    done.run();
                }
            });
        }

        @Override
        public void snapshot(CompletableFuture<@Nullable StateSnapshot> taken) {
            inOwner(listening -> {
                final byte[] state = halted ? null : listening.snapshot();
                taken.complete(state == null ? null : new StateSnapshot(index, places, state));
            });
        }

        @Override
        public void ready() {
            inOwner(listening -> {
                ready = true;
                announce(++reign);
            });
        }

        @Override
        public void notLeader() {
            inOwner(QuorumLog.this::notLeader);
        }

        @Override
        public void leader(String id) {
            inOwner(listening -> {
                leaderId = Integer.parseInt(id);
                if (leaderId != options.id()) {
                    tellLeader(listening);
                }
            });
        }

        @Override
        public void stopped(String reason) {
            inOwner(listening -> {
                if (!halted) {
                    halt(reason);
                    listening.failed(reason);
                }
            });
        }
    }
}
