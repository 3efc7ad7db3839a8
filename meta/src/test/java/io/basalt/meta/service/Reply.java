package io.basalt.meta.service;

import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A reply that a test looks at.
final class Reply<T> implements MetaReply<T> {
    private @Nullable T answer;
    private @Nullable MetaCode refusal;
    private String reason = "";

    @Override
    public void done(T newAnswer) {
        requireFirst();
        answer = newAnswer;
    }

    @Override
    public void refused(MetaCode code, String newReason) {
        requireFirst();
        refusal = code;
        reason = newReason;
    }

    boolean over() {
        return answer != null || refusal != null;
    }

    T answer() {
        return Objects.requireNonNull(answer, () -> "refused: " + refusal + " " + reason);
    }

    MetaCode refusal() {
        return Objects.requireNonNull(refusal, () -> "was done: " + answer);
    }

    String reason() {
        return reason;
    }

    private void requireFirst() {
        if (over()) {
            throw new AssertionError("a reply comes once");
        }
    }
}
