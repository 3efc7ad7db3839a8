package io.basalt.meta.rest;

import io.basalt.wire.meta.RequestId;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A request of the API, with its parts checked as they are asked for.
final class RestRequest {
    private static final int KEY_LENGTH_MAX = 128;

    private final Map<String, String> pathParameters;
    private final Map<String, String> query;
    private final byte[] body;
    private final @Nullable String idempotencyKey;

    /// @param pathParameters what stands in place of the route's `{names}`
    /// @param rawQuery as it stands in the URI; null for none
    /// @param idempotencyKey the header's value; null for none
    RestRequest(
            Map<String, String> pathParameters,
            @Nullable String rawQuery,
            byte[] body,
            @Nullable String idempotencyKey) {
        this.pathParameters = pathParameters;
        this.query = parseQuery(rawQuery);
        this.body = body;
        this.idempotencyKey = idempotencyKey;
    }

    /// What stands in place of a name of the route.
    String path(String name) {
        final String value = pathParameters.get(name);
        Objects.requireNonNull(value, "a route asks for its own names only");
        return value;
    }

    /// A number that stands in place of a name of the route.
    int pathNumber(String name) {
        try {
            return Integer.parseInt(path(name));
        } catch (NumberFormatException e) {
            throw Problem.badRequest(name, "'" + path(name) + "' is not a number", "give its number");
        }
    }

    /// A parameter of the query.
    String query(String name, String otherwise) {
        return query.getOrDefault(name, otherwise);
    }

    /// A number in the query.
    int queryNumber(String name, int otherwise, int least, int most) {
        final String text = query.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            final int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below, with the range.
        }
        throw Problem.badRequest(name, "is '" + text + "'", "give a number, " + least + " to " + most);
    }

    /// Refuse parameters that the route does not know.
    void requireQuery(Set<String> known) {
        for (final String name : query.keySet()) {
            if (!known.contains(name)) {
                throw Problem.badRequest(name, "is not a parameter of this route", "known are: " + known);
            }
        }
    }

    /// The members of the body.
    Fields fields() {
        if (body.length == 0) {
            return new Fields(Json.object());
        }
        final JsonNode value;
        try {
            value = Json.parse(body);
        } catch (JacksonException e) {
            throw Problem.badRequest("body", "is not valid JSON: " + e.getOriginalMessage(), "send one JSON object");
        }
        if (value instanceof ObjectNode object) {
            return new Fields(object);
        }
        throw Problem.badRequest("body", "is not an object", "send one JSON object");
    }

    /// What this request is recognised by when it is repeated; [RequestId#NONE] if its sender gave no key.
    RequestId requestId() {
        final String key = idempotencyKey;
        if (key == null) {
            return RequestId.NONE;
        }
        if (key.isBlank() || key.length() > KEY_LENGTH_MAX) {
            throw Problem.badRequest(
                    "Idempotency-Key", "is not 1 to " + KEY_LENGTH_MAX + " characters", "send a UUID, for example");
        }
        final ByteBuffer hash = ByteBuffer.wrap(sha256(key.getBytes(StandardCharsets.UTF_8)));
        return new RequestId(hash.getLong(), hash.getLong());
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static Map<String, String> parseQuery(@Nullable String raw) {
        final Map<String, String> parameters = new LinkedHashMap<>();
        if (raw == null || raw.isEmpty()) {
            return parameters;
        }
        for (final String pair : raw.split("&", -1)) {
            final int equals = pair.indexOf('=');
            final String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            if (parameters.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
                throw Problem.badRequest(name, "is given twice", "give it once");
            }
        }
        return parameters;
    }

    static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("URI", "has a malformed % sequence", "encode it as RFC 3986 says");
        }
    }
}
