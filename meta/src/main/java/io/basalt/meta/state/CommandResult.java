package io.basalt.meta.state;

import io.basalt.wire.meta.MetaCode;
import java.util.List;

/// What a command did, or why it did nothing. A refused command has changed nothing at all.
///
/// @param code [MetaCode#OK], or the kind of refusal
/// @param value what the command was about: the number of the node, set or volume, or the attachment's generation
/// @param field for a refusal: what of the request is to blame
/// @param reason for a refusal: why
/// @param hint for a refusal: what to do
/// @param parts of a command that does several things: what became of each, in order; each may be refused by itself
public record CommandResult(
        MetaCode code, long value, String field, String reason, String hint, List<CommandResult> parts) {
    public CommandResult {
        parts = List.copyOf(parts);
    }

    /// Done.
    static CommandResult ok(long value) {
        return new CommandResult(MetaCode.OK, value, "", "", "", List.of());
    }

    /// Not done.
    public static CommandResult refused(MetaCode code, String field, String reason, String hint) {
        return new CommandResult(code, 0, field, reason, hint, List.of());
    }

    CommandResult withParts(List<CommandResult> results) {
        return new CommandResult(code, value, field, reason, hint, results);
    }

    /// Whether it was done.
    public boolean done() {
        return code == MetaCode.OK;
    }

    /// The refusal in one sentence.
    public String message() {
        return field + ": " + reason + (hint.isEmpty() ? "" : "; " + hint);
    }
}
