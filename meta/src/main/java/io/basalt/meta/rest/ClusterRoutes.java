package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.Capacity;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.meta.state.TokenRecord;
import io.basalt.placement.Device;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.VolumeRecord;
import io.basalt.wire.metrics.MetricsPage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The cluster as a whole: status, health, metrics, tokens, and the description of the API.
final class ClusterRoutes {
    static final String OPENAPI_RESOURCE = "openapi.yaml";

    private static final int TOKEN_BYTES = 32;

    private final ServiceAccess access;
    private final Metrics metrics;
    private final String software;
    private final SecureRandom random;

    ClusterRoutes(ServiceAccess access, Metrics metrics, String software, SecureRandom random) {
        this.access = access;
        this.metrics = metrics;
        this.software = software;
        this.random = random;
    }

    List<Route> routes() {
        return List.of(
                Route.open("/healthz", request -> RestResponse.text("text/plain; charset=utf-8", "ok\n")),
                Route.open("/readyz", this::ready),
                Route.open("/v1/openapi.yaml", request -> RestResponse.text("application/yaml", openApi())),
                Route.get("/metrics", request -> RestResponse.text(MetricsPage.CONTENT_TYPE, metrics.text(access))),
                Route.get("/v1/status", this::status),
                Route.get("/v1/health", this::health),
                Route.get("/v1/tokens", this::tokens),
                Route.change("POST", "/v1/tokens", this::createToken),
                Route.change("DELETE", "/v1/tokens/{name}", this::deleteToken));
    }

    /// The description of the API, which is part of the program.
    static String openApi() {
        try (InputStream resource = ClusterRoutes.class.getResourceAsStream(OPENAPI_RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException(OPENAPI_RESOURCE + " is missing from the program");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RestResponse ready(RestRequest request) {
        access.read(MetaService::lastIndex);
        return RestResponse.text("text/plain; charset=utf-8", "ready\n");
    }

    private RestResponse status(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.look(this::status));
    }

    private ObjectNode status(MetaService service) {
        final MetaState state = service.state();
        final ObjectNode body = Json.object();
        body.putObject("cluster")
                .put("id", state.clusterId().toString())
                .put("createdMs", state.createdMs())
                .put("health", HealthCheck.worst(HealthCheck.of(service)))
                .put("software", software);
        body.putObject("meta")
                .put("leader", service.leads())
                .put("standing", service.standing())
                .put("lastIndex", service.lastIndex());
        final ObjectNode nodes = body.putObject("nodes");
        count(nodes.putObject("chunk"), state, NodeRole.CHUNK);
        count(nodes.putObject("gate"), state, NodeRole.GATE);
        int devices = 0;
        int devicesUp = 0;
        int devicesFailed = 0;
        int clean = 0;
        int degraded = 0;
        int waiting = 0;
        int unavailable = 0;
        int repairing = 0;
        int created = 0;
        long raw = 0;
        long used = 0;
        long content = 0;
        long provisioned = 0;
        for (final SetRecord set : state.sets()) {
            for (final Device device : set.map().devices()) {
                devices++;
                devicesUp += device.state().up() ? 1 : 0;
                devicesFailed += service.failed(device.id()) ? 1 : 0;
            }
            final Capacity capacity = state.capacity(set);
            raw += capacity.rawBytes();
            used += service.usedBytes(set);
            content += service.contentBytes(set);
            provisioned += set.provisionedBytes();
            final PgHealth health = PgHealth.of(state, set);
            clean += health.count(PgHealth.CLEAN);
            degraded += health.count(PgHealth.DEGRADED);
            waiting += health.count(PgHealth.WAITING);
            unavailable += health.count(PgHealth.UNAVAILABLE);
            repairing += health.repairing();
            created += set.map().pgCount();
        }
        body.putObject("devices").put("total", devices).put("up", devicesUp).put("failed", devicesFailed);
        body.put("sets", state.sets().size());
        body.putObject("volumes")
                .put("total", state.volumeCount())
                .put(
                        "attached",
                        state.volumes().stream().filter(VolumeRecord::attached).count())
                .put("provisionedBytes", provisioned);
        body.putObject("capacity")
                .put("rawBytes", raw)
                .put("usedBytes", used)
                .put("contentBytes", content)
                .put("deletedBytes", deletedBytes(service));
        body.set("io", Json.rate(service.rate()));
        body.putObject("pgs")
                .put("total", created)
                .put("clean", clean)
                .put("degraded", degraded)
                .put("waiting", waiting)
                .put("unavailable", unavailable)
                .put("repairing", repairing);
        return body;
    }

    /// What devices still hold of volumes that are deleted.
    private static long deletedBytes(MetaService service) {
        final Set<Long> parts = new HashSet<>();
        service.state().volumes().forEach(volume -> volume.parts().forEach(part -> parts.add(part.partId())));
        final LongAdder bytes = new LongAdder();
        service.usage()
                .forEachPart(part ->
                        bytes.add(parts.contains(part) ? 0 : service.usage().contentBytes(part)));
        return bytes.sum();
    }

    private static void count(ObjectNode into, MetaState state, NodeRole role) {
        final List<NodeRecord> nodes =
                state.nodes().stream().filter(node -> node.role() == role).toList();
        into.put("total", nodes.size());
        into.put("up", nodes.stream().filter(NodeRecord::up).count());
    }

    private RestResponse health(RestRequest request) {
        request.requireQuery(Set.of());
        final List<HealthCheck> checks = access.look(HealthCheck::of);
        final ObjectNode body = Json.object();
        body.put("health", HealthCheck.worst(checks));
        final ArrayNode all = body.putArray("checks");
        for (final HealthCheck check : checks) {
            all.addObject()
                    .put("code", check.code())
                    .put("severity", check.severity().name())
                    .put("what", check.what())
                    .put("impact", check.impact())
                    .put("fix", check.fix());
        }
        return RestResponse.ok(body);
    }

    private RestResponse tokens(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.read(service -> {
            final ObjectNode body = Json.object();
            final ArrayNode tokens = body.putArray("tokens");
            service.state().tokens().forEach(token -> tokens.add(json(token)));
            return body;
        }));
    }

    private RestResponse createToken(RestRequest request) {
        final Fields fields = request.fields().only(Set.of("name", "readOnly"));
        final String name = fields.text("name");
        if (name.length() > Limits.NAME_LENGTH_MAX || !name.chars().allMatch(c -> c < 0x80)) {
            throw Problem.badRequest("name", "is too long or not ASCII", "choose another one");
        }
        final String token = draw(random);
        access.propose(new MetaCommand.AddToken(
                name, fields.flag("readOnly", false), hash(token), access.look(MetaService::nowMs)));
        final ObjectNode body = Json.object();
        body.put("name", name).put("readOnly", fields.flag("readOnly", false)).put("token", token);
        return RestResponse.json(201, body);
    }

    private RestResponse deleteToken(RestRequest request) {
        final String name = request.path("name");
        if (name.length() > Limits.NAME_LENGTH_MAX) {
            throw Problem.notFound("token", "there is none of that name", "list the tokens");
        }
        access.propose(new MetaCommand.RemoveToken(name));
        return RestResponse.none();
    }

    private static ObjectNode json(TokenRecord token) {
        return Json.object()
                .put("name", token.name())
                .put("readOnly", token.readOnly())
                .put("createdMs", token.createdMs());
    }

    /// A new token.
    static String draw(SecureRandom random) {
        final byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /// What is kept of a token.
    static byte[] hash(String token) {
        return RestRequest.sha256(token.getBytes(StandardCharsets.UTF_8));
    }
}
