package io.basalt.cli.volume;

import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// How many copies of a volume there are, and what that makes of its bytes.
final class Copies {
    private Copies() {}

    /// Copies by the name of the set.
    static Map<String, Long> bySet(RestClient client) {
        final Map<String, Long> copies = new HashMap<>();
        Pages.all(client, "sets")
                .forEach(set ->
                        copies.put(Texts.text(set, "name"), set.path("copies").longValue(1)));
        return copies;
    }

    /// Copies of a volume.
    static long of(JsonNode volume, Map<String, Long> bySet) {
        return Math.max(1, bySet.getOrDefault(Texts.text(volume.path("parts").path(0), "set"), 1L));
    }

    /// What is stored of a volume, one copy, bytes.
    static long stored(JsonNode volume, Map<String, Long> bySet) {
        return Texts.bytes(volume, "contentBytes") / of(volume, bySet);
    }

    /// What all copies of a volume take when it is full, bytes.
    static long rawBytesMax(JsonNode volume, Map<String, Long> bySet) {
        long raw = 0;
        for (final JsonNode part : volume.path("parts")) {
            raw += Texts.bytes(part, "lengthBytes") * bySet.getOrDefault(Texts.text(part, "set"), 1L);
        }
        return raw;
    }
}
