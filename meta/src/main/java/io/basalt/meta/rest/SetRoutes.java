package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.service.PgStates;
import io.basalt.meta.state.Capacity;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.InvalidClusterMapException;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.PgState;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Sets and their placement groups: make, list, look at, bound.
final class SetRoutes {
    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 10_000;
    private static final int PGS_DEFAULT = 256;
    private static final int COPIES_DEFAULT = 3;
    private static final int OVERCOMMIT_DEFAULT = 2000;

    private final ServiceAccess access;

    SetRoutes(ServiceAccess access) {
        this.access = access;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/sets", this::list),
                Route.change("POST", "/v1/sets", this::create),
                Route.get("/v1/sets/{name}", this::show),
                Route.change("PATCH", "/v1/sets/{name}", this::change),
                Route.get("/v1/pgs", this::pgs),
                Route.get("/v1/pgs/{set}/{pg}", this::pg));
    }

    private RestResponse list(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.read(service -> {
            final ObjectNode body = Json.object();
            final ArrayNode sets = body.putArray("sets");
            service.state().sets().forEach(set -> sets.add(json(service, set)));
            return body;
        }));
    }

    private RestResponse create(RestRequest request) {
        final Fields fields = request.fields()
                .only(Set.of(
                        "name", "pgCount", "copies", "minCopies", "failureDomain", "relaxations", "overcommitPercent"));
        final String name = name(fields.text("name"));
        final int copies = fields.smallNumber("copies", COPIES_DEFAULT);
        final RoutingRule rule;
        try {
            rule = new RoutingRule(
                    fields.smallNumber("pgCount", PGS_DEFAULT),
                    copies,
                    failureDomain(fields.text("failureDomain", "host")),
                    fields.smallNumber("relaxations", RoutingRule.RELAXATIONS_DEFAULT));
        } catch (InvalidClusterMapException e) {
            throw Problem.badRequest("rule", String.valueOf(e.getMessage()), "");
        }
        access.propose(new MetaCommand.CreateSet(
                name,
                rule,
                bounded("minCopies", fields.smallNumber("minCopies", (copies + 2) / 2), 1, copies),
                bounded(
                        "overcommitPercent",
                        fields.smallNumber("overcommitPercent", OVERCOMMIT_DEFAULT),
                        0,
                        Integer.MAX_VALUE)));
        return RestResponse.json(201, access.read(service -> json(service, require(service, name))));
    }

    private RestResponse show(RestRequest request) {
        return RestResponse.ok(access.read(service -> json(service, require(service, request.path("name")))));
    }

    private RestResponse change(RestRequest request) {
        final Fields fields = request.fields().only(Set.of("minCopies", "overcommitPercent"));
        final String name = name(request.path("name"));
        access.propose(new MetaCommand.PatchSet(
                name,
                bounded("minCopies", fields.smallNumber("minCopies", 0), 0, Limits.COPIES_MAX),
                bounded("overcommitPercent", fields.smallNumber("overcommitPercent", -1), -1, Integer.MAX_VALUE)));
        return RestResponse.ok(access.read(service -> json(service, require(service, name))));
    }

    private RestResponse pgs(RestRequest request) {
        request.requireQuery(Set.of("set", "after", "limit", "state"));
        final int limit = request.queryNumber("limit", PAGE_DEFAULT, 1, PAGE_MAX);
        final int after = request.queryNumber("after", -1, -1, Limits.PGS_MAX);
        final String state = request.query("state", "");
        return RestResponse.ok(access.read(service -> {
            final SetRecord set = setOf(service, request.query("set", ""));
            final PgHealth health = PgHealth.of(service.state(), set);
            final ObjectNode body = Json.object();
            body.put("set", set.name());
            body.put("total", set.map().pgCount());
            body.put("mapVersion", set.map().version());
            final ArrayNode pgs = body.putArray("pgs");
            int last = -1;
            for (int pg = after + 1; pg < set.map().pgCount() && pgs.size() < limit; pg++) {
                if (state.isEmpty() || health.state(pg).equals(state)) {
                    pgs.add(json(set.map(), pg, health));
                }
                last = pg;
            }
            if (last >= 0 && last < set.map().pgCount() - 1) {
                body.put("next", last);
            }
            return body;
        }));
    }

    private RestResponse pg(RestRequest request) {
        final int pg = request.pathNumber("pg");
        return RestResponse.ok(access.read(service -> {
            final SetRecord set = require(service, request.path("set"));
            if (pg < 0 || pg >= set.map().pgCount()) {
                throw Problem.notFound(
                        "pg",
                        "there is no placement group " + pg,
                        "give 0 to " + (set.map().pgCount() - 1));
            }
            return json(set.map(), pg, PgHealth.of(service.state(), set));
        }));
    }

    private static SetRecord setOf(MetaService service, String name) {
        if (name.isEmpty() && !service.state().sets().isEmpty()) {
            return service.state().sets().iterator().next();
        }
        return require(service, name);
    }

    private static SetRecord require(MetaService service, String name) {
        final SetRecord set = service.state().set(name);
        if (set == null) {
            throw Problem.notFound("set", "there is no set '" + name + "'", "list the sets");
        }
        return set;
    }

    private static String name(String text) {
        if (text.length() > Limits.NAME_LENGTH_MAX || !text.chars().allMatch(c -> c < 0x80)) {
            throw Problem.badRequest("name", "is too long or not ASCII", "choose another one");
        }
        return text;
    }

    private static int bounded(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw Problem.badRequest(field, "is " + value, "give " + Math.max(0, least) + " to " + most);
        }
        return value;
    }

    private static FailureDomain failureDomain(String text) {
        return switch (text) {
            case "room" -> FailureDomain.ROOM;
            case "rack" -> FailureDomain.RACK;
            case "host" -> FailureDomain.HOST;
            case "device" -> FailureDomain.DEVICE;
            default -> throw Problem.badRequest("failureDomain", "is not known", "give room, rack, host or device");
        };
    }

    private static ObjectNode json(MetaService service, SetRecord set) {
        final RoutingRule rule = set.map().rule();
        final Capacity capacity = service.state().capacity(set);
        final ObjectNode json = Json.object();
        json.put("id", set.id());
        json.put("name", set.name());
        json.put("pgCount", rule.pgCount());
        json.put("copies", rule.copies());
        json.put("minCopies", set.minCopies());
        json.put("failureDomain", rule.failureDomain().name().toLowerCase(Locale.ROOT));
        json.put("relaxations", rule.relaxations());
        json.put("laidOut", set.laidOut());
        json.put("mapVersion", set.map().version());
        json.put("devices", set.map().devices().size());
        json.put("volumes", set.volumeCount());
        json.put("rawBytes", capacity.rawBytes());
        json.put("usedBytes", service.usedBytes(set));
        json.put("contentBytes", service.contentBytes(set));
        json.put("usableBytes", capacity.usableBytes());
        json.put("provisionedBytes", set.provisionedBytes());
        json.put("overcommitPercent", set.overcommitPercent());
        return json;
    }

    private static ObjectNode json(ClusterMap map, int pg, PgHealth health) {
        final PgState state = PgStates.of(map, pg);
        final ObjectNode json = Json.object();
        json.put("pg", pg);
        json.put("epoch", state.epoch());
        json.put("state", health.state(pg));
        json.put("primary", state.primary());
        final ArrayNode replicas = json.putArray("replicas");
        for (final PgState.Replica each : state.replicas()) {
            replicas.addObject().put("device", each.deviceId()).put("inSync", each.inSync());
        }
        return json;
    }
}
