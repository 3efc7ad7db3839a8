package io.basalt.gate.rpc;

import io.basalt.linux.LinuxException;
import io.basalt.store.VolumeException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The refusal of a management request: a stable code, SPDK's sentence for it, and for the operator which field,
/// why, and what to do.
///
/// Codes are JSON-RPC's own (-32768 to -32000) or a negative errno, as SPDK's are.
public final class RpcError extends RuntimeException {
    /// The bytes are not JSON, or more or deeper than is taken.
    public static final int PARSE_ERROR = -32700;
    /// JSON, but no request.
    public static final int INVALID_REQUEST = -32600;
    /// There is no such method.
    public static final int METHOD_NOT_FOUND = -32601;
    /// A parameter is missing, unknown, of the wrong type or out of range.
    public static final int INVALID_PARAMETERS = -32602;
    /// The gate failed; also SPDK's code for an unknown controller.
    public static final int INTERNAL_ERROR = -32603;
    /// The device or file system failed (EIO).
    public static final int IO_ERROR = -5;
    /// In use (EBUSY).
    public static final int BUSY = -16;
    /// The name is taken by something else (EEXIST).
    public static final int EXISTS = -17;
    /// There is no such volume (ENODEV).
    public static final int NO_DEVICE = -19;
    /// The combination makes no sense (EINVAL).
    public static final int INVALID = -22;
    /// Not done by this gate (EOPNOTSUPP).
    public static final int UNSUPPORTED = -95;

    @Serial
    private static final long serialVersionUID = 1;

    private final int code;
    private final String summary;
    private final String field;
    private final String reason;
    private final String hint;

    /// @param code see the constants
    /// @param summary what kind of failure, in SPDK's words where it has some
    /// @param field the parameter at fault, spelled as in the request; empty if none is
    /// @param reason what is wrong with it
    /// @param hint what the operator can do; may be empty
    public RpcError(int code, String summary, String field, String reason, String hint) {
        super(text(code, summary, field, reason, hint));
        this.code = code;
        this.summary = summary;
        this.field = field;
        this.reason = reason;
        this.hint = hint;
    }

    /// A parameter breaks a rule.
    public static RpcError invalidParameter(String field, String reason, String hint) {
        return new RpcError(INVALID_PARAMETERS, "Invalid parameters", field, reason, hint);
    }

    /// The name belongs to something made with other parameters.
    public static RpcError exists(String field, String reason, String hint) {
        return new RpcError(EXISTS, "File exists", field, reason, hint);
    }

    /// There is no such volume.
    public static RpcError noDevice(String field, String reason, String hint) {
        return new RpcError(NO_DEVICE, "No such device", field, reason, hint);
    }

    /// In use.
    public static RpcError busy(String field, String reason, String hint) {
        return new RpcError(BUSY, "Device or resource busy", field, reason, hint);
    }

    /// Not done by this gate, or not by this kind of object.
    public static RpcError unsupported(String field, String reason, String hint) {
        return new RpcError(UNSUPPORTED, "Operation not supported", field, reason, hint);
    }

    /// What a volume refused.
    public static RpcError of(VolumeException refusal) {
        final String summary = switch (refusal.kind()) {
            case INVALID -> "Invalid argument";
            case NOT_FOUND -> "No such file or directory";
            case DENIED -> "Permission denied";
            case BUSY -> "Device or resource busy";
            case NO_SPACE -> "No space left on device";
            case UNSUPPORTED -> "Operation not supported";
            case IO -> "Input/output error";
        };
        return new RpcError(refusal.code(), summary, refusal.field(), refusal.reason(), refusal.hint());
    }

    /// What the kernel refused.
    public static RpcError of(LinuxException failure) {
        final int code = failure.errno() == 0 ? INTERNAL_ERROR : -failure.errno();
        return new RpcError(code, "System call failed", "", String.valueOf(failure.getMessage()), "");
    }

    /// A failure that is the gate's own fault; the log has its stack.
    public static RpcError internal(String reason) {
        return new RpcError(
                INTERNAL_ERROR, "Internal error", "", reason, "the gate's log says more; please report it as a bug");
    }

    /// The JSON-RPC error code.
    public int code() {
        return code;
    }

    /// The JSON-RPC error message.
    public String summary() {
        return summary;
    }

    /// The parameter at fault, or empty.
    public String field() {
        return field;
    }

    /// What is wrong.
    public String reason() {
        return reason;
    }

    /// What to do, or empty.
    public String hint() {
        return hint;
    }

    /// The `error` member of a JSON-RPC answer.
    public ObjectNode toJson() {
        final ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("code", code).put("message", summary);
        error.putObject("data").put("field", field).put("reason", reason).put("hint", hint);
        return error;
    }

    /// Reads the `error` member of an answer, be it from a gate or from another server of the dialect.
    public static RpcError fromJson(@Nullable JsonNode error) {
        if (error == null || !error.isObject()) {
            return new RpcError(INTERNAL_ERROR, "Internal error", "", "the answer's error is no object", "");
        }
        final JsonNode data = error.path("data");
        return new RpcError(
                error.path("code").canConvertToInt() ? error.path("code").intValue() : INTERNAL_ERROR,
                error.path("message").stringValue("no message"),
                data.path("field").stringValue(""),
                data.path("reason").stringValue(""),
                data.path("hint").stringValue(""));
    }

    private static String text(int code, String summary, String field, String reason, String hint) {
        return summary
                + " (" + code + ")"
                + (field.isEmpty() ? "" : ": " + field)
                + (reason.isEmpty() ? "" : ": " + reason)
                + (hint.isEmpty() ? "" : "; " + hint);
    }
}
