package io.basalt.reactor;

/// What a reactor is made with.
///
/// @param name shown to operators, and the name of the thread
/// @param id number of the reactor in its process, 0 and up
/// @param idleMode idle mode to begin with
/// @param spinNs nanoseconds after which an adaptive reactor goes to sleep if only timers have had work,
///     0 and up
/// @param commandsMax posted commands run in one pass, 1 and up
/// @param timersMax timers fired in one pass, 1 and up
public record ReactorConfiguration(
        String name, int id, IdleMode idleMode, long spinNs, int commandsMax, int timersMax) {
    /// Time that an adaptive reactor spins without work: about what a sleep and a wake-up cost.
    public static final long SPIN_NS = 50_000;

    private static final int BATCH_MAX = 64;

    public ReactorConfiguration {
        requireAtLeast("id", id, 0);
        requireAtLeast("spinNs", spinNs, 0);
        requireAtLeast("commandsMax", commandsMax, 1);
        requireAtLeast("timersMax", timersMax, 1);
        if (name.isBlank()) {
            throw new IllegalArgumentException("reactor name must not be blank");
        }
    }

    /// An adaptive reactor with the usual bounds.
    public static ReactorConfiguration of(String name, int id) {
        return new ReactorConfiguration(name, id, IdleMode.ADAPTIVE, SPIN_NS, BATCH_MAX, BATCH_MAX);
    }

    /// The same with another idle mode.
    public ReactorConfiguration withIdleMode(IdleMode mode) {
        return new ReactorConfiguration(name, id, mode, spinNs, commandsMax, timersMax);
    }

    /// The same with another spinning time.
    public ReactorConfiguration withSpinNs(long ns) {
        return new ReactorConfiguration(name, id, idleMode, ns, commandsMax, timersMax);
    }

    private static void requireAtLeast(String field, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException("reactor " + field + " must be " + least + " or more, is " + value);
        }
    }
}
