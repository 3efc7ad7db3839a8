package io.basalt.gate.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One call of a method: its checked parameters, and the way to answer it once. In the control reactor only.
public final class RpcCall {
    private final ObjectNode parameters;
    private final Consumer<RpcResult> completion;
    private boolean answered;

    /// @param parameters checked against the method's schema
    /// @param completion called once with the answer
    RpcCall(ObjectNode parameters, Consumer<RpcResult> completion) {
        this.parameters = parameters;
        this.completion = completion;
    }

    /// All parameters as given.
    public ObjectNode parameters() {
        return parameters;
    }

    /// Whether a parameter was given.
    public boolean has(String name) {
        return parameters.hasNonNull(name);
    }

    /// A string that must be there.
    public String text(String name) {
        return parameters.path(name).stringValue();
    }

    /// A string, or the default.
    public String text(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    /// An integer that must be there.
    public long integer(String name) {
        return parameters.path(name).longValue();
    }

    /// An integer, or the default.
    public long integer(String name, long otherwise) {
        return has(name) ? integer(name) : otherwise;
    }

    /// A truth value, or the default.
    public boolean flag(String name, boolean otherwise) {
        return has(name) ? parameters.path(name).booleanValue() : otherwise;
    }

    /// An identifier, or null.
    public @Nullable UUID uuid(String name) {
        return has(name) ? UUID.fromString(text(name)) : null;
    }

    /// An array of strings; empty if not given.
    public List<String> texts(String name) {
        final List<String> texts = new ArrayList<>();
        for (final JsonNode text : parameters.path(name)) {
            texts.add(text.stringValue());
        }
        return texts;
    }

    /// Answer with a result.
    public void answer(JsonNode result) {
        complete(new RpcResult(result, null));
    }

    /// Answer with `true`.
    public void answerTrue() {
        answer(Json.truth(true));
    }

    /// Answer with an error.
    public void fail(RpcError error) {
        complete(new RpcResult(null, error));
    }

    boolean answered() {
        return answered;
    }

    private void complete(RpcResult result) {
        assert !answered : "a call is answered once";
        answered = true;
        completion.accept(result);
    }
}
