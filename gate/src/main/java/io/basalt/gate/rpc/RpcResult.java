package io.basalt.gate.rpc;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What came of a call: a result or an error, never both.
///
/// @param value the result, null if it failed
/// @param error why it failed, null if it did not
public record RpcResult(@Nullable JsonNode value, @Nullable RpcError error) {
    public RpcResult {
        assert (value == null) != (error == null) : "a result or an error";
    }
}
