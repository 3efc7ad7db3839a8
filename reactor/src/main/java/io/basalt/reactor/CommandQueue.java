package io.basalt.reactor;

import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// The control plane's way into a reactor: an unbounded queue of commands from any thread, in order per sender.
///
/// | operation | thread | mode |
/// |---|---|---|
/// | [#post(Runnable)] | any | linked with volatile semantics, then [Doorbell#ring()] |
/// | [#next()] | owner | volatile read of the head |
/// | [#isEmpty()] | owner, after [Doorbell#arm()] | volatile read of the head |
///
/// It allocates one node per command. The data path uses [SpscMailbox] and [MpscMailbox], which do not.
public final class CommandQueue {
    private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final Doorbell doorbell;

    /// An empty queue.
    ///
    /// @param doorbell of the reactor that takes from the queue
    public CommandQueue(Doorbell doorbell) {
        this.doorbell = doorbell;
    }

    /// Appends a command and wakes the owner if it sleeps. Any thread.
    public void post(Runnable command) {
        commands.add(command);
        doorbell.ring();
    }

    /// Takes the oldest command, null if there is none. Owner only, allocates nothing.
    public @Nullable Runnable next() {
        return commands.poll();
    }

    /// True if nothing waits. Owner only.
    public boolean isEmpty() {
        return commands.isEmpty();
    }
}
