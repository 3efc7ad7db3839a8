package io.basalt.reactor.uring;

/// What a [UringEngine] calls when a request has completed.
@FunctionalInterface
public interface CompletionHandler {
    /// A request has completed. Runs in the reactor's thread, inside [UringEngine#poll()], never inside a
    /// submission.
    ///
    /// @param token what was given to [UringEngine#userData(int, int)]
    /// @param result bytes or another count, or `-errno`
    /// @param flags `IORING_CQE_F_*`
    void completed(int token, int result, int flags);
}
