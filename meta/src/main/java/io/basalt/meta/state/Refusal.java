package io.basalt.meta.state;

import io.basalt.wire.meta.MetaCode;

/// A command that cannot be done. Thrown before anything is changed, and turned into a [CommandResult] where the
/// command came in; it never leaves this package.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient CommandResult result;

    Refusal(MetaCode code, String field, String reason, String hint) {
        super(reason, null, false, false);
        result = CommandResult.refused(code, field, reason, hint);
    }

    CommandResult result() {
        return result;
    }
}
