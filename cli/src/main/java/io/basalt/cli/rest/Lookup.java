package io.basalt.cli.rest;

import io.basalt.cli.CommandException;
import io.basalt.cli.Suggestion;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Things of the API by the names that people give them, with a guess for a name that is not there.
public final class Lookup {
    /// Enough names to guess from, few enough to fetch for a slip of the finger.
    private static final int NAMES_MAX = 10_000;

    private Lookup() {}

    /// A volume.
    ///
    /// @throws CommandException if there is none of that name
    public static JsonNode volume(RestClient client, String name) {
        try {
            return client.get(volumePath(name));
        } catch (RestException refused) {
            throw refused.notFound() ? noVolume(client, name) : refused;
        }
    }

    /// The path of a volume.
    public static String volumePath(String name) {
        return "/v1/volumes/" + RestClient.encode(name);
    }

    /// That there is no such volume, and which may have been meant.
    public static CommandException noVolume(RestClient client, String name) {
        final List<String> names = Pages.volumes(client, NAMES_MAX).stream()
                .map(volume -> volume.path("name").stringValue(""))
                .toList();
        return CommandException.notFound(
                "volume",
                name,
                Suggestion.of(name, names, "see `basalt ls`, or make it: basalt create " + name + " -s 20G"));
    }

    /// A node or a set.
    ///
    /// @param kind `node` or `set`
    /// @throws CommandException if there is none of that name
    public static JsonNode named(RestClient client, String kind, String name) {
        try {
            return client.get("/v1/" + kind + "s/" + RestClient.encode(name));
        } catch (RestException refused) {
            if (!refused.notFound()) {
                throw refused;
            }
            final List<String> names = Pages.all(client, kind + "s").stream()
                    .map(each -> each.path("name").stringValue(""))
                    .toList();
            throw CommandException.notFound(kind, name, Suggestion.of(name, names, "see `basalt " + kind + " ls`"));
        }
    }

    /// A device.
    ///
    /// @throws CommandException if there is none of that number
    public static JsonNode device(RestClient client, int id) {
        try {
            return client.get("/v1/devices/" + id);
        } catch (RestException refused) {
            throw refused.notFound()
                    ? CommandException.notFound("device", Integer.toString(id), "see `basalt device ls`")
                    : refused;
        }
    }
}
