package io.basalt.cli.qos;

import io.basalt.cli.CommandException;
import io.basalt.cli.Suggestion;
import io.basalt.gate.rpc.RpcClient;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The volumes that a gate serves, and their limits.
public final class GateVolumes {
    private GateVolumes() {}

    /// All, as `bdev_get_qos` tells of them.
    static List<JsonNode> all(RpcClient gate) {
        final List<JsonNode> volumes = new ArrayList<>();
        gate.call("bdev_get_qos", null).forEach(volumes::add);
        return volumes;
    }

    /// The volume of a name.
    ///
    /// @throws CommandException if there is none, with a guess at what was meant
    public static JsonNode require(RpcClient gate, String name) {
        final List<JsonNode> volumes = all(gate);
        final List<String> names = new ArrayList<>();
        for (final JsonNode volume : volumes) {
            names.add(volume.path("name").stringValue(""));
            if (names.getLast().equals(name)) {
                return volume;
            }
        }
        throw CommandException.notFound(
                "volume of this gate:", name, Suggestion.of(name, names, "see: basalt qos show"));
    }
}
