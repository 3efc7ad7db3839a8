package io.basalt.reactor.uring;

/// What a [UringEngine] calls before it submits: the last moment of a pass at which requests can be queued, so
/// that what a pass has gathered (messages to one peer, above all) goes out as one request.
@FunctionalInterface
public interface SubmitHook {
    /// Queue what has been gathered. Runs in the reactor's thread, in each [UringEngine#poll()] and before each
    /// sleep; allocates nothing.
    void beforeSubmit();
}
