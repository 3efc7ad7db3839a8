package io.basalt.meta.rest;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/// An answer of the API.
///
/// @param status of HTTP
/// @param contentType of the body
/// @param body empty for none
@SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
record RestResponse(int status, String contentType, byte[] body) {
    static RestResponse json(int status, JsonNode value) {
        return new RestResponse(status, "application/json", Json.bytes(value));
    }

    static RestResponse ok(JsonNode value) {
        return json(200, value);
    }

    static RestResponse text(String contentType, String text) {
        return new RestResponse(200, contentType, text.getBytes(StandardCharsets.UTF_8));
    }

    static RestResponse none() {
        return new RestResponse(204, "", new byte[0]);
    }

    /// Nothing was done here: ask where the header `Location` says, in the same way.
    static RestResponse elsewhere(Problem problem) {
        return new RestResponse(307, Problem.CONTENT_TYPE, problem.toBytes());
    }

    static RestResponse problem(Problem problem) {
        return new RestResponse(problem.status(), Problem.CONTENT_TYPE, problem.toBytes());
    }
}
