package io.basalt.cli.rest;

import java.io.Serial;

/// A request that the metaserver refused or did not answer.
public final class RestException extends RuntimeException {
    /// Status that stands for no answer at all.
    public static final int NO_ANSWER = 0;

    @Serial
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String reason;
    private final String hint;

    /// @param status of HTTP, or [#NO_ANSWER]
    /// @param code the API's stable code; empty if there is none
    /// @param reason what is wrong, field first
    /// @param hint what to do; may be empty
    public RestException(int status, String code, String reason, String hint) {
        super(reason);
        this.status = status;
        this.code = code;
        this.reason = reason;
        this.hint = hint;
    }

    /// Status of HTTP, or [#NO_ANSWER].
    public int status() {
        return status;
    }

    /// The API's stable code; may be empty.
    public String code() {
        return code;
    }

    /// What is wrong.
    public String reason() {
        return reason;
    }

    /// What to do; may be empty.
    public String hint() {
        return hint;
    }

    /// Whether what was named does not exist.
    public boolean notFound() {
        return status == 404;
    }

    /// Whether it exists already, or its state forbids the request.
    public boolean conflict() {
        return status == 409;
    }
}
