package io.basalt.reactor;

/// A command that a reactor runs later, once: what [Reactor#schedule(long, Runnable)] gives.
public final class Timer extends TimerTask {
    private final TimerWheel wheel;
    private final Runnable command;

    Timer(TimerWheel wheel, Runnable command) {
        this.wheel = wheel;
        this.command = command;
    }

    /// Makes sure that the command does not run, if it has not yet. In the reactor's thread.
    ///
    /// @return false if it has run or was cancelled before
    public boolean cancel() {
        return wheel.cancel(this);
    }

    @Override
    protected void expired(long nowNs) {
        command.run();
    }
}
