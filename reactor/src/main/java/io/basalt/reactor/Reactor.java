package io.basalt.reactor;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/// A run-to-completion loop: the one owner of everything that lives in it.
///
/// **A pass** ([#runOnce()]) reads the clock once, polls every [Poller], fires the timers that are due, runs posted
/// commands, and lets the [Engine] submit and deliver completions. Each of these is bounded, so that none starves
/// the others. It never blocks.
///
/// **A turn** ([#turn()]) is a pass, and a sleep if the pass found nothing and the [IdleMode] says so:
///
/// ```
///   pass ── work ──────────────────────────────▶ next turn
///    │ no work
///    ├─ POLL, or ADAPTIVE and spinning ────────▶ next turn
///    ▼
///   doorbell.arm(), arm() every poller ─ any has work, command, mode POLL ─▶ disarm, next turn
///    │ all idle
///    ▼
///   engine.sleep(until next timer) ── event, wake, timer ──▶ disarm, next turn
/// ```
///
/// The doorbell is armed *before* the pollers look for the last time: work that another thread publishes is seen by
/// that look, or its publisher sees the armed doorbell and rings (see [Doorbell]). A poller that drains a mailbox
/// therefore needs nothing but to say in `arm()` whether it is empty.
///
/// **Failure.** See [FaultHandler].
///
/// **Threads.** One thread at a time drives the loop, and all methods belong to it, except where "any thread" is
/// said. The class has no thread of its own: in production [io.basalt.reactor.thread.ReactorThread] drives it, in a
/// test or simulation whoever likes.
public final class Reactor {
    /// Delays are cut to 146 years, so that the clock plus a delay stays in range.
    private static final long DELAY_MAX_NS = 1L << 62;

    private final ReactorConfiguration configuration;
    private final NanoClock clock;
    private final Engine engine;
    private final BooleanSupplier ownerCheck;
    private final FaultHandler faultHandler;
    private final Doorbell doorbell;
    private final CommandQueue commands;
    private final TimerWheel timers;
    private final ReactorCounters counters = new ReactorCounters();

    /// Replaced as a whole when a poller comes or goes, so that a loop over it is never disturbed.
    private Poller[] pollers = {};

    private volatile IdleMode idleMode;

    private long nowNs;
    private long lastHeardNs;
    private boolean worked;

    /// A reactor without pollers that has not made a pass.
    ///
    /// @param ownerCheck true when asked in the thread that drives the loop
    public Reactor(
            ReactorConfiguration configuration,
            NanoClock clock,
            Engine engine,
            BooleanSupplier ownerCheck,
            FaultHandler faultHandler) {
        this.configuration = configuration;
        this.clock = clock;
        this.engine = engine;
        this.ownerCheck = ownerCheck;
        this.faultHandler = faultHandler;
        this.doorbell = new Doorbell(engine::wake);
        this.commands = new CommandQueue(doorbell);
        this.idleMode = configuration.idleMode();
        this.nowNs = clock.nanoTime();
        this.lastHeardNs = nowNs;
        this.timers = new TimerWheel(nowNs);
    }

    /// Name for operators. Any thread.
    public String name() {
        return configuration.name();
    }

    /// Number of the reactor in its process. Any thread.
    public int id() {
        return configuration.id();
    }

    /// The clock's value at the start of this pass.
    public long nowNs() {
        return nowNs;
    }

    /// The clock itself, for what a pass's resolution is too coarse for. Any thread.
    public NanoClock clock() {
        return clock;
    }

    /// The I/O side.
    public Engine engine() {
        return engine;
    }

    /// What producers of a mailbox that a poller of this reactor drains must ring. Any thread.
    public Doorbell doorbell() {
        return doorbell;
    }

    /// How many pollers are in the loop. Any thread; elsewhere than in the loop it may be a moment old.
    public int pollerCount() {
        return pollers.length;
    }

    /// True in the thread that drives the loop. Any thread.
    public boolean inLoop() {
        return ownerCheck.getAsBoolean();
    }

    /// What the reactor counts about itself. Any thread.
    public ReactorCounters counters() {
        return counters;
    }

    /// Begins to poll.
    ///
    /// @param poller not added yet
    public void addPoller(Poller poller) {
        assert inLoop();
        assert indexOf(pollers, poller) < 0 : "a poller is added once";
        final Poller[] more = Arrays.copyOf(pollers, pollers.length + 1);
        more[pollers.length] = poller;
        pollers = more;
    }

    /// Stops polling: no method of the poller is called after this, also in the pass under way. Nothing happens if
    /// it is not there (any more).
    public void removePoller(Poller poller) {
        assert inLoop();
        final Poller[] current = pollers;
        final int index = indexOf(current, poller);
        if (index >= 0) {
            final Poller[] fewer = new Poller[current.length - 1];
            System.arraycopy(current, 0, fewer, 0, index);
            System.arraycopy(current, index + 1, fewer, index, fewer.length - index);
            pollers = fewer;
        }
    }

    /// Has a command run in the loop, after those that the same thread posted before, and wakes the reactor if it
    /// sleeps. Control plane: allocates. Any thread; posted from within the loop it runs later, never inside the
    /// call.
    public void post(Runnable command) {
        commands.post(command);
    }

    /// Runs a command once after a delay. Control plane: allocates; the data path has
    /// [#schedule(TimerTask, long)].
    ///
    /// @param delayNs nanoseconds from the start of this pass
    public Timer schedule(long delayNs, Runnable command) {
        final Timer timer = new Timer(timers, command);
        schedule(timer, delayNs);
        return timer;
    }

    /// Schedules a reusable task, or moves it if it is scheduled already. Allocates nothing.
    ///
    /// @param delayNs nanoseconds from the start of this pass
    public void schedule(TimerTask task, long delayNs) {
        assert inLoop();
        timers.schedule(task, nowNs + Math.min(Math.max(delayNs, 0), DELAY_MAX_NS));
    }

    /// Cancels a reusable task.
    ///
    /// @return false if it was not scheduled
    public boolean cancel(TimerTask task) {
        assert inLoop();
        return timers.cancel(task);
    }

    /// What the reactor does when it finds no work. Any thread.
    public IdleMode idleMode() {
        return idleMode;
    }

    /// Changes what the reactor does when it finds no work, also while it sleeps. Any thread.
    public void idleMode(IdleMode mode) {
        idleMode = mode;
        doorbell.ring();
    }

    /// Makes one pass over everything, without blocking.
    ///
    /// @return how much was done; 0 means idle
    public int runOnce() {
        assert inLoop();
        readClock();
        int heard = pollAll();
        final int fired = fireTimers();
        heard += runCommands();
        heard += pollEngine();
        worked = heard + fired > 0;
        // A timer is no sign that somebody is about to ask for more; what it asks the engine for is.
        if (heard > 0) {
            lastHeardNs = nowNs;
        }
        counters.passed(worked);
        return heard + fired;
    }

    /// Makes one pass and, if it found nothing and the idle mode allows it, sleeps until there is something to do.
    ///
    /// @return how much the pass did
    public int turn() {
        try {
            final int work = runOnce();
            if (work == 0 && maySleep()) {
                sleep();
            }
            return work;
        } catch (InternalError late) {
            // A fault on shared memory that nobody surfaced where it belongs: no reason to end what serves others.
            faulted(this, late);
            return 1;
        }
    }

    /// Makes one pass and says to the engine how long there is nothing to do, whatever the pass has done: for one
    /// thread that drives many reactors, whose engines only note that. The doorbell stays armed until the next
    /// step, so the engine is woken by whoever brings work.
    ///
    /// @return how much the pass did
    public int step() {
        final int work = runOnce();
        final long timeoutNs = timers.untilNextNs(nowNs);
        doorbell.arm();
        if (timeoutNs > 0) {
            final Poller[] current = pollers;
            final int armed = armAll(current);
            if (armed > current.length && commands.isEmpty()) {
                sleepInEngine(timeoutNs);
            }
            disarm(current, armed);
        }
        return work;
    }

    @Override
    public String toString() {
        return "reactor " + id() + " (" + name() + ")";
    }

    private void readClock() {
        final long beforeNs = nowNs;
        nowNs = clock.nanoTime();
        if (worked) {
            counters.busy(nowNs - beforeNs);
        } else {
            counters.idle(nowNs - beforeNs);
        }
    }

    private int pollAll() {
        final Poller[] current = pollers;
        int work = 0;
        for (final Poller poller : current) {
            if (isGone(current, poller)) {
                continue;
            }
            try {
                work += poller.poll(nowNs);
            } catch (RuntimeException | InternalError fault) {
                dropped(poller, fault);
                work++;
            }
        }
        return work;
    }

    private int fireTimers() {
        int fired = 0;
        while (fired < configuration.timersMax()) {
            final TimerTask task = timers.takeDue(nowNs);
            if (task == null) {
                break;
            }
            fired++;
            try {
                task.expired(nowNs);
            } catch (RuntimeException | InternalError fault) {
                faulted(task, fault);
            }
        }
        return fired;
    }

    private int runCommands() {
        int run = 0;
        while (run < configuration.commandsMax()) {
            final Runnable command = commands.next();
            if (command == null) {
                break;
            }
            run++;
            try {
                command.run();
            } catch (RuntimeException | InternalError fault) {
                faulted(command, fault);
            }
        }
        if (run > 0) {
            counters.ran(run);
        }
        return run;
    }

    private int pollEngine() {
        try {
            return engine.poll();
        } catch (RuntimeException | InternalError fault) {
            faulted(engine, fault);
            return 1;
        }
    }

    private boolean maySleep() {
        return switch (idleMode) {
            case POLL -> false;
            case ADAPTIVE -> nowNs - lastHeardNs >= configuration.spinNs();
            case INTERRUPT -> true;
        };
    }

    private void sleep() {
        final long timeoutNs = timers.untilNextNs(nowNs);
        if (timeoutNs == 0) {
            return;
        }
        doorbell.arm();
        final Poller[] current = pollers;
        final int armed = armAll(current);
        final boolean idle = armed > current.length;
        final boolean slept = idle && commands.isEmpty() && idleMode != IdleMode.POLL;
        if (slept) {
            counters.sleeping();
            sleepInEngine(timeoutNs);
        }
        if (doorbell.disarm() && slept) {
            counters.woken();
        }
        disarm(current, armed);
    }

    private void sleepInEngine(long timeoutNs) {
        try {
            engine.sleep(timeoutNs);
        } catch (RuntimeException | InternalError fault) {
            faulted(engine, fault);
        }
    }

    /// Arms pollers until one has work.
    ///
    /// @return how many were armed, among them the one that has work
    private int armAll(Poller[] current) {
        for (int index = 0; index < current.length; index++) {
            if (!arm(current[index])) {
                return index + 1;
            }
        }
        return current.length + 1;
    }

    private boolean arm(Poller poller) {
        try {
            return poller.arm();
        } catch (RuntimeException | InternalError fault) {
            dropped(poller, fault);
            return false;
        }
    }

    private void disarm(Poller[] current, int armed) {
        for (int index = 0; index < Math.min(armed, current.length); index++) {
            final Poller poller = current[index];
            if (isGone(current, poller)) {
                continue;
            }
            try {
                poller.disarm();
            } catch (RuntimeException | InternalError fault) {
                dropped(poller, fault);
            }
        }
    }

    /// True if a poller of an array that was taken a while ago has been removed since.
    @SuppressWarnings("ReferenceEquality") // the array is replaced at each change
    private boolean isGone(Poller[] current, Poller poller) {
        return current != pollers && indexOf(pollers, poller) < 0;
    }

    @SuppressWarnings("ReferenceEquality") // a poller is itself and no other, whatever its equals says
    private static int indexOf(Poller[] pollers, Poller poller) {
        for (int index = 0; index < pollers.length; index++) {
            if (pollers[index] == poller) {
                return index;
            }
        }
        return -1;
    }

    private void dropped(Poller poller, Throwable fault) {
        removePoller(poller);
        faulted(poller, fault);
    }

    private void faulted(Object source, Throwable fault) {
        counters.faulted();
        faultHandler.faulted(this, source, fault);
    }
}
