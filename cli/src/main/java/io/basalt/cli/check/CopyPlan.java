package io.basalt.cli.check;

import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ShardRouter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Which device should have a copy of what, as the metaserver has written it down; or that nobody can say.
final class CopyPlan {
    private final String source;
    private final boolean known;
    private final Map<UUID, Place> places = new HashMap<>();
    private final Map<Integer, Place> placesById = new HashMap<>();
    private final Map<String, Cell> cells = new LinkedHashMap<>();
    private final Map<Long, Part> parts = new HashMap<>();

    /// A device and where it stands.
    ///
    /// @param node its chunk server
    record Place(int deviceId, String node, Location location) {}

    /// A copy of a placement group.
    record Replica(int deviceId, boolean inSync) {}

    /// A set.
    ///
    /// @param domain what no two copies should share
    /// @param groups copies of each placement group, empty if it has none yet
    record Cell(String name, FailureDomain domain, List<List<Replica>> groups) {}

    /// A piece of a volume.
    ///
    /// @param set name of the set that it lies in
    /// @param offsetBytes where in the volume it begins
    record Part(String volume, String set, long offsetBytes, long shardBytes) {}

    private CopyPlan(String source, boolean known) {
        this.source = source;
        this.known = known;
    }

    /// A plan to be filled.
    ///
    /// @param source for people: where it was read
    static CopyPlan of(String source) {
        return new CopyPlan(source, true);
    }

    /// Nobody can say.
    ///
    /// @param why for people
    static CopyPlan unknown(String why) {
        return new CopyPlan(why, false);
    }

    CopyPlan device(UUID uuid, Place place) {
        places.put(uuid, place);
        placesById.put(place.deviceId, place);
        return this;
    }

    CopyPlan cell(Cell cell) {
        cells.put(cell.name, cell);
        return this;
    }

    CopyPlan part(long partId, Part part) {
        parts.put(partId, part);
        return this;
    }

    /// Whether somebody could say.
    boolean isKnown() {
        return known;
    }

    /// Where it was read, or why it is not known.
    String source() {
        return source;
    }

    /// A device by its identity; null if it is not known.
    @Nullable
    Place place(UUID uuid) {
        return places.get(uuid);
    }

    /// A device by its number; null if it is not known.
    @Nullable
    Place place(int deviceId) {
        return placesById.get(deviceId);
    }

    /// The sets.
    List<Cell> cells() {
        return List.copyOf(cells.values());
    }

    /// A part; null if no volume has it.
    @Nullable
    Part part(long partId) {
        return parts.get(partId);
    }

    /// The copies that a shard should have; null if that is not known.
    @Nullable
    List<Replica> replicas(long partId, int shardIndex) {
        final Part part = parts.get(partId);
        final Cell cell = part == null ? null : cells.get(part.set);
        if (cell == null || cell.groups.isEmpty()) {
            return null;
        }
        return cell.groups.get(ShardRouter.pgOf(partId, shardIndex, cell.groups.size()));
    }

    /// Placement groups with two copies in one place that they should not share, a sentence each.
    List<String> crowded() {
        final List<String> found = new ArrayList<>();
        for (final Cell cell : cells.values()) {
            // Where devices of one host may share a group, the rule says so and nothing is wrong.
            for (int pg = 0; pg < cell.groups.size() && cell.domain != FailureDomain.DEVICE; pg++) {
                final Map<String, Integer> hosts = new HashMap<>();
                for (final Replica replica : cell.groups.get(pg)) {
                    final Place place = placesById.get(replica.deviceId);
                    final Integer other = place == null
                            ? null
                            : hosts.put(place.location.pathTo(FailureDomain.HOST), replica.deviceId);
                    if (place != null && other != null) {
                        found.add("set " + cell.name + ", placement group " + pg + ": devices " + other + " and "
                                + replica.deviceId + " both stand on host "
                                + place.location.host());
                    }
                }
            }
        }
        return found;
    }
}
