package io.basalt.cli.check;

import io.basalt.cli.CommandException;
import io.basalt.cli.check.CopyPlan.Cell;
import io.basalt.cli.check.CopyPlan.Part;
import io.basalt.cli.check.CopyPlan.Place;
import io.basalt.cli.check.CopyPlan.Replica;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import io.basalt.meta.StoredState;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// Where the plan is found: in the log that a stopped metaserver has left on this host, or else by asking one that
/// runs.
final class PlanFinder {
    private static final int PAGE = 10_000;

    private PlanFinder() {}

    /// The plan, from wherever there is one.
    static CopyPlan find(ClusterOptions cluster) {
        final Configuration settings = cluster.configuration();
        final Path data = settings.path("meta.data", "meta");
        String why = "";
        if (Files.isDirectory(StoredState.logFolder(data))) {
            try {
                return of(StoredState.read(data), data);
            } catch (MetaLogException | MetaFormatException unreadable) {
                // A running metaserver has its log locked, and is asked instead.
                why = unreadable.getMessage() + "; ";
            }
        }
        try (RestClient client = cluster.connect()) {
            return of(client);
        } catch (RestException silent) {
            return CopyPlan.unknown(why + silent.reason());
        } catch (CommandException refused) {
            return CopyPlan.unknown(why + refused.getMessage());
        }
    }

    private static CopyPlan of(StoredState stored, Path data) {
        final MetaState state = stored.state();
        final CopyPlan plan = CopyPlan.of("the metaserver's log in " + data + ", up to entry " + stored.lastIndex());
        for (final DeviceRecord device : state.devices()) {
            final NodeRecord node = state.node(device.nodeId());
            if (node != null) {
                plan.device(device.uuid(), new Place(device.id(), node.name(), node.location()));
            }
        }
        for (final SetRecord set : state.sets()) {
            plan.cell(new Cell(set.name(), set.map().rule().failureDomain(), groups(set.map())));
        }
        for (final VolumeRecord volume : state.volumes()) {
            for (final PartRecord part : volume.parts()) {
                final SetRecord set = state.set(part.setId());
                if (set != null) {
                    plan.part(
                            part.partId(),
                            new Part(volume.name(), set.name(), part.offsetBytes(), volume.shardBytes()));
                }
            }
        }
        return plan;
    }

    private static List<List<Replica>> groups(ClusterMap map) {
        final List<List<Replica>> groups = new ArrayList<>(map.pgCount());
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final List<Replica> replicas = new ArrayList<>();
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                replicas.add(new Replica(map.replica(pg, index), map.inSync(pg, index)));
            }
            groups.add(replicas);
        }
        return groups;
    }

    private static CopyPlan of(RestClient client) {
        final CopyPlan plan = CopyPlan.of("the metaserver at " + client.base());
        final Map<String, Location> locations = new HashMap<>();
        for (final JsonNode node : Pages.all(client, "nodes")) {
            locations.put(
                    Texts.text(node, "name"),
                    new Location(Texts.text(node, "room"), Texts.text(node, "rack"), Texts.text(node, "host")));
        }
        for (final JsonNode device : Pages.all(client, "devices")) {
            final String node = Texts.text(device, "node");
            final Location location = locations.get(node);
            if (location != null) {
                plan.device(
                        UUID.fromString(Texts.text(device, "uuid")),
                        new Place(device.path("id").intValue(0), node, location));
            }
        }
        for (final JsonNode set : Pages.all(client, "sets")) {
            final String name = Texts.text(set, "name");
            final FailureDomain domain =
                    FailureDomain.valueOf(Texts.text(set, "failureDomain").toUpperCase(Locale.ROOT));
            plan.cell(new Cell(name, domain, groups(client, name)));
        }
        for (final JsonNode volume : Pages.volumes(client, Integer.MAX_VALUE)) {
            for (final JsonNode part : volume.path("parts")) {
                plan.part(
                        Texts.bytes(part, "id"),
                        new Part(
                                Texts.text(volume, "name"),
                                Texts.text(part, "set"),
                                Texts.bytes(part, "offsetBytes"),
                                Texts.bytes(volume, "shardBytes")));
            }
        }
        return plan;
    }

    private static List<List<Replica>> groups(RestClient client, String set) {
        final List<List<Replica>> groups = new ArrayList<>();
        String after = "-1";
        while (!after.isEmpty()) {
            final JsonNode page = client.get(
                    "/v1/pgs?set=" + RestClient.encode(set) + "&limit=" + PAGE + "&after=" + RestClient.encode(after));
            for (final JsonNode group : page.path("pgs")) {
                final List<Replica> replicas = new ArrayList<>();
                for (final JsonNode replica : group.path("replicas")) {
                    replicas.add(new Replica(
                            replica.path("device").intValue(0),
                            replica.path("inSync").booleanValue(false)));
                }
                groups.add(replicas);
            }
            after = page.path("next").asString("");
        }
        return groups;
    }
}
