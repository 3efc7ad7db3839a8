package io.basalt.meta.rest;

import io.basalt.meta.state.CommandResult;
import io.basalt.wire.meta.MetaCode;
import tools.jackson.databind.node.ObjectNode;

/// Why a request was not done, as `application/problem+json` (RFC 9457) with the members `code`, `field`,
/// `reason` and `hint` besides the standard ones.
final class Problem extends RuntimeException {
    static final String CONTENT_TYPE = "application/problem+json";

    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String field;
    private final String reason;
    private final String hint;

    /// @param status of HTTP
    /// @param code stable, for programs
    /// @param field what of the request is to blame
    /// @param reason why
    /// @param hint what to do
    Problem(int status, String code, String field, String reason, String hint) {
        super(field + ": " + reason, null, false, false);
        this.status = status;
        this.code = code;
        this.field = field;
        this.reason = reason;
        this.hint = hint;
    }

    static Problem badRequest(String field, String reason, String hint) {
        return new Problem(400, "BAD_REQUEST", field, reason, hint);
    }

    static Problem notFound(String field, String reason, String hint) {
        return new Problem(404, "NOT_FOUND", field, reason, hint);
    }

    static Problem unavailable(String reason, String hint) {
        return new Problem(503, "UNAVAILABLE", "metaserver", reason, hint);
    }

    static Problem notLeader(String reason) {
        return new Problem(
                status(MetaCode.NOT_LEADER),
                MetaCode.NOT_LEADER.name(),
                "metaserver",
                reason,
                "ask again, or ask another replica");
    }

    static Problem of(CommandResult refused) {
        return new Problem(
                status(refused.code()), refused.code().name(), refused.field(), refused.reason(), refused.hint());
    }

    /// A refusal whose text is one sentence.
    static Problem of(MetaCode code, String text) {
        final int colon = text.indexOf(": ");
        final String field = colon > 0 ? text.substring(0, colon) : "request";
        final String rest = colon > 0 ? text.substring(colon + 2) : text;
        final int semicolon = rest.indexOf("; ");
        return new Problem(
                status(code),
                code.name(),
                field,
                semicolon > 0 ? rest.substring(0, semicolon) : rest,
                semicolon > 0 ? rest.substring(semicolon + 2) : "");
    }

    int status() {
        return status;
    }

    boolean isNotLeader() {
        return code.equals(MetaCode.NOT_LEADER.name());
    }

    byte[] toBytes() {
        final ObjectNode body = Json.object();
        body.put("type", "about:blank");
        body.put("title", title(status));
        body.put("status", status);
        body.put("detail", field + ": " + reason + (hint.isEmpty() ? "" : "; " + hint));
        body.put("code", code).put("field", field).put("reason", reason).put("hint", hint);
        return Json.bytes(body);
    }

    private static int status(MetaCode code) {
        return switch (code) {
            case OK -> 200;
            case BAD_REQUEST -> 400;
            case NOT_FOUND -> 404;
            case EXISTS, ATTACHED, FENCED, STALE_EPOCH, LAST_COPY, TOO_FEW_COPIES, CONFLICT, NOT_REGISTERED, LIMIT ->
                409;
            case UNSUPPORTED -> 501;
            case NOT_LEADER, UNAVAILABLE -> 503;
            case NO_SPACE -> 507;
        };
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Bad request";
            case 401 -> "Not authenticated";
            case 403 -> "Not allowed";
            case 404 -> "Not found";
            case 405 -> "Method not allowed";
            case 409 -> "Conflict";
            case 413 -> "Too large";
            case 415 -> "Unsupported media type";
            case 429 -> "Too many requests";
            case 501 -> "Not supported";
            case 503 -> "Unavailable";
            case 507 -> "Insufficient storage";
            default -> "Error";
        };
    }
}
