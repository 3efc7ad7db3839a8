package io.basalt.net.meta;

import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.Reason;

/// A request that is repeated until it is answered for good, or its time is up.
///
/// @param <T> what it asks for
abstract class MetaRequest<T> {
    final int type;
    final long deadlineNs;
    private final MetaReply<T> reply;

    MetaRequest(int type, long deadlineNs, MetaReply<T> reply) {
        this.type = type;
        this.deadlineNs = deadlineNs;
        this.reply = reply;
    }

    /// The content, made when it is sent: it may name the node's number, which is not known before.
    abstract byte[] content();

    /// What an answer says.
    ///
    /// @throws MetaFormatException if it cannot be read
    abstract T decode(MetaCode code, FieldReader answer);

    /// Whether an answer of this code has a content of its own kind, not a reason.
    boolean understands(MetaCode code) {
        return code == MetaCode.OK;
    }

    /// Take the final answer.
    final void answered(MetaCode code, FieldReader answer) {
        if (!understands(code)) {
            refused(code, Reason.of(answer).text());
            return;
        }
        final T value;
        try {
            value = decode(code, answer);
        } catch (MetaFormatException e) {
            refused(MetaCode.UNSUPPORTED, "the metaserver's answer cannot be read: " + e.getMessage());
            return;
        }
        reply.done(value);
    }

    /// Whether it is still to be sent.
    final boolean wanted() {
        return reply.wanted();
    }

    final void refused(MetaCode code, String reason) {
        reply.refused(code, reason);
    }
}
