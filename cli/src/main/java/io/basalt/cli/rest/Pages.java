package io.basalt.cli.rest;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Lists of the API, put together from their pages.
public final class Pages {
    private static final int PAGE = 1000;

    private Pages() {}

    /// Volumes in the order of their names.
    ///
    /// @param most how many at most
    public static List<JsonNode> volumes(RestClient client, int most) {
        final List<JsonNode> all = new ArrayList<>();
        String after = "";
        while (all.size() < most) {
            final JsonNode page = client.get("/v1/volumes?limit=" + Math.min(PAGE, most - all.size())
                    + (after.isEmpty() ? "" : "&after=" + RestClient.encode(after)));
            page.path("volumes").forEach(all::add);
            after = page.path("next").stringValue("");
            if (after.isEmpty()) {
                break;
            }
        }
        return all;
    }

    /// A list that comes in one page.
    ///
    /// @param what `nodes`, `devices`, `sets` or `tokens`
    public static List<JsonNode> all(RestClient client, String what) {
        final List<JsonNode> all = new ArrayList<>();
        client.get("/v1/" + what).path(what).forEach(all::add);
        return all;
    }
}
