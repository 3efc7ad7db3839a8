package io.basalt.net.meta;

import io.basalt.wire.meta.MetaCode;

/// Who hears how a request to the metaserver ended: one of the two, once, in the client's reactor, never
/// from inside the call that asked.
///
/// @param <T> what was asked for
public interface MetaReply<T> {
    /// It was done.
    void done(T answer);

    /// It was refused, or could not be done in time.
    ///
    /// @param code [MetaCode#UNAVAILABLE] if it is not known whether it was done
    /// @param reason for people: what, why, and what to do
    void refused(MetaCode code, String reason);

    /// Whether the request is still to be sent, or sent again. One that is not is refused with
    /// [MetaCode#UNAVAILABLE]; it may have been done all the same if it was sent before.
    default boolean wanted() {
        return true;
    }

    /// For what is said again soon, so that nobody needs to know.
    static <T> MetaReply<T> ignored() {
        return new MetaReply<>() {
            @Override
            public void done(T answer) {}

            @Override
            public void refused(MetaCode code, String reason) {}
        };
    }
}
