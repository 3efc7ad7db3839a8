package io.basalt.meta.service;

import io.basalt.meta.state.CommandResult;

/// Hears how a proposed command ended, in the service's reactor, never from inside the call that proposed it.
@FunctionalInterface
public interface ResultListener {
    /// The command was applied, with this result; or it could not be, or its fate is not known: then the
    /// result's code is `NOT_LEADER` or `UNAVAILABLE`.
    void ended(CommandResult result);
}
