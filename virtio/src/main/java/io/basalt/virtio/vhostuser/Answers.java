package io.basalt.virtio.vhostuser;

import org.jspecify.annotations.Nullable;

/// How the handler of a request answers it: exactly once, now or when queues have acknowledged, by [#settle],
/// [#replyU64], [#reply] or a [RefusedException] out of the handler.
interface Answers {
    /// Answer a request that has no reply of its own.
    ///
    /// @param refusal null if it is done, or why not
    void settle(@Nullable String refusal);

    /// Answer with a reply of one 64-bit number.
    void replyU64(long value);

    /// Begin a reply to the request at hand.
    VhostUserMessage begin(int size);

    /// Answer with the reply begun.
    ///
    /// @param fd to pass along, or -1; it stays the caller's
    void reply(int fd);

    /// Take note of a refusal that the reply itself tells.
    void noteRefusal(String reason);

    /// Refuse what was not agreed on.
    void requireAgreed(long protocolFeature, String name) throws RefusedException;

    /// Whether the session is ending: nothing new is to start.
    boolean closing();
}
