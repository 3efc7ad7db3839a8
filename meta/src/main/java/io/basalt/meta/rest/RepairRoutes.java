package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.service.Progress;
import io.basalt.meta.service.Repairs;
import io.basalt.meta.service.Repairs.Repair;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The copies that are being brought in sync, and how the last ones ended.
///
/// | state | meaning |
/// |---|---|
/// | `moving` | the copy is made on a new device, in place of another |
/// | `catching-up` | the copy was there, and gets what it has missed |
/// | `waiting` | its device answers, but no copy that is in sync does |
/// | `absent` | its device does not answer: nothing happens until it does, or is out |
/// | `no-place` | its device is out, and no other device can take it |
final class RepairRoutes {
    private static final int LIMIT_DEFAULT = 1000;
    private static final int LIMIT_MAX = 100_000;
    private static final long STALE_MS = 5_000;

    private final ServiceAccess access;

    RepairRoutes(ServiceAccess access) {
        this.access = access;
    }

    List<Route> routes() {
        return List.of(Route.get("/v1/repairs", this::list));
    }

    private RestResponse list(RestRequest request) {
        request.requireQuery(Set.of("limit"));
        final int limit = request.queryNumber("limit", LIMIT_DEFAULT, 1, LIMIT_MAX);
        return RestResponse.ok(access.read(service -> {
            final Repairs repairs = service.repairs();
            final ObjectNode body = Json.object();
            body.put("nowMs", service.nowMs());
            body.put("total", repairs.activeCount());
            final ArrayNode active = body.putArray("repairs");
            repairs.active().stream().limit(limit).forEach(each -> active.add(active(service, each)));
            final ArrayNode ended = body.putArray("ended");
            repairs.ended()
                    .forEach(each -> ended.add(common(service, each)
                            .put("endedMs", each.endedMs())
                            .put("outcome", each.done() ? "in-sync" : "given-up")));
            return body;
        }));
    }

    private static ObjectNode active(MetaService service, Repair repair) {
        final SetRecord set = service.state().set(repair.setId());
        final String state = set == null ? "absent" : state(service, set.map(), repair);
        final ObjectNode json = common(service, repair).put("state", state);
        if (state.equals("moving") || state.equals("catching-up")) {
            putPace(json, repair, service);
        }
        return json;
    }

    /// How fast it goes, and how long it will take: by what its primary says now; else as long as others have taken.
    private static void putPace(ObjectNode json, Repair repair, MetaService service) {
        final Progress progress = repair.progress();
        final boolean fresh = progress.known() && service.nowMs() - progress.atMs() < STALE_MS;
        if (fresh && progress.atMs() > progress.sinceMs()) {
            json.put("bytesPerSecond", progress.bytesPerSecond());
        }
        final long meanMs = service.repairs().meanMs();
        if (fresh && progress.etaMs() >= 0) {
            json.put("etaMs", progress.etaMs());
        } else if (repair.startedMs() + meanMs > service.nowMs()) {
            json.put("etaMs", repair.startedMs() + meanMs - service.nowMs());
        }
    }

    private static ObjectNode common(MetaService service, Repair repair) {
        final @Nullable SetRecord set = service.state().set(repair.setId());
        final ObjectNode json = Json.object();
        json.put("set", set == null ? "" : set.name());
        json.put("pg", repair.pg());
        if (repair.from() != 0) {
            json.put("from", repair.from());
        }
        json.put("to", repair.to());
        json.put("startedMs", repair.startedMs());
        if (repair.progress().known()) {
            json.put("shardsDone", repair.progress().shardsDone());
            json.put("shards", repair.progress().shardsTotal());
            json.put("bytes", repair.progress().bytes());
        }
        return json;
    }

    private static String state(MetaService service, ClusterMap map, Repair repair) {
        final var place = map.device(repair.to());
        if (!service.state().answers(repair.to())) {
            return place != null && !place.state().in() ? "no-place" : "absent";
        }
        final int primary = map.primaryDevice(repair.pg());
        if (primary == 0 || !service.state().answers(primary)) {
            return "waiting";
        }
        final boolean isGuest = map.pgTable().indexOf(repair.pg(), repair.to()) >= map.copies();
        return repair.from() == 0 && !isGuest ? "catching-up" : "moving";
    }
}
