package io.basalt.meta.rest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One operation of the API.
///
/// @param method of HTTP
/// @param path template: segments in braces stand for anything
/// @param access who may ask
/// @param handler answers; may throw [Problem]
record Route(String method, String path, Access access, Handler handler) {
    /// Who may ask.
    enum Access {
        /// Anybody who can connect.
        OPEN,
        /// Whoever has a token.
        READ,
        /// Whoever has a token that is not read-only.
        CHANGE
    }

    /// Answers a request, on a thread of its own: may wait.
    @FunctionalInterface
    interface Handler {
        RestResponse handle(RestRequest request);
    }

    static Route open(String path, Handler handler) {
        return new Route("GET", path, Access.OPEN, handler);
    }

    static Route get(String path, Handler handler) {
        return new Route("GET", path, Access.READ, handler);
    }

    static Route change(String method, String path, Handler handler) {
        return new Route(method, path, Access.CHANGE, handler);
    }

    /// What stands in place of the template's names.
    ///
    /// @param segments of the request's path, decoded
    /// @return null if the path is not of this template
    @Nullable
    Map<String, String> match(List<String> segments) {
        final List<String> template = segments(path);
        if (template.size() != segments.size()) {
            return null;
        }
        final Map<String, String> parameters = new LinkedHashMap<>();
        for (int at = 0; at < template.size(); at++) {
            final String expected = template.get(at);
            if (expected.startsWith("{")) {
                parameters.put(expected.substring(1, expected.length() - 1), segments.get(at));
            } else if (!expected.equals(segments.get(at))) {
                return null;
            }
        }
        return parameters;
    }

    /// The segments of a path, decoded one by one, so that an encoded slash stays inside its segment.
    static List<String> segments(String path) {
        final List<String> segments = new ArrayList<>();
        for (final String each : path.substring(1).split("/", -1)) {
            segments.add(RestRequest.decode(each.replace("+", "%2B")));
        }
        return segments;
    }
}
