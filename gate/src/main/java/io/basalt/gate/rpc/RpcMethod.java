package io.basalt.gate.rpc;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// One method of the RPC: its name, its parameters, and what it does.
///
/// @param name as in the request
/// @param description for the operator, one line
/// @param parameters all it takes
/// @param startup whether it belongs to the time before the framework runs, which here is always over
/// @param handler answers the call, at once or later, exactly once, in the control reactor; may throw [RpcError],
///     `VolumeException` or `LinuxException` before it has answered
public record RpcMethod(
        String name, String description, List<RpcParameter> parameters, boolean startup, Consumer<RpcCall> handler) {
    public RpcMethod {
        parameters = List.copyOf(parameters);
    }

    /// A method that answers at once.
    public static RpcMethod of(
            String name, String description, List<RpcParameter> parameters, Function<RpcCall, JsonNode> body) {
        return new RpcMethod(name, description, parameters, false, call -> call.answer(body.apply(call)));
    }

    /// A method that answers its call when it likes.
    public static RpcMethod deferring(
            String name, String description, List<RpcParameter> parameters, Consumer<RpcCall> body) {
        return new RpcMethod(name, description, parameters, false, body);
    }

    /// The same, not listed among the methods of the current state.
    public RpcMethod onlyAtStartup() {
        return new RpcMethod(name, description, parameters, true, handler);
    }

    /// @throws RpcError if the parameters break a rule
    void check(JsonNode given) {
        for (final String field : given.propertyNames()) {
            if (parameters.stream().noneMatch(parameter -> parameter.name().equals(field))) {
                throw RpcError.invalidParameter(
                        field,
                        name + " has no such parameter",
                        Suggestion.of(field, names(), parameters.isEmpty() ? "it takes none" : "it takes " + listed()));
            }
        }
        for (final RpcParameter parameter : parameters) {
            final JsonNode value = given.get(parameter.name());
            if (value != null && !(value.isNull() && !parameter.required())) {
                parameter.check(value);
            } else if (parameter.required()) {
                throw RpcError.invalidParameter(
                        parameter.name(),
                        "is missing",
                        "give " + parameter.type().word() + ": " + parameter.description());
            }
        }
    }

    private List<String> names() {
        return parameters.stream().map(RpcParameter::name).toList();
    }

    private String listed() {
        return String.join(", ", names());
    }
}
