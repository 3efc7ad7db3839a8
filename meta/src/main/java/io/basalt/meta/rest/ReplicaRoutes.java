package io.basalt.meta.rest;

import io.basalt.meta.log.Replica;
import io.basalt.meta.log.Replication;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.meta.service.MetaService;
import io.basalt.net.NodeAddress;
import io.basalt.net.meta.MetaReply;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The metaserver's own replicas: which there are, changes of them, and a backup of the state.
final class ReplicaRoutes {
    private final ServiceAccess access;

    ReplicaRoutes(ServiceAccess access) {
        this.access = access;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/meta", this::replicas),
                Route.change("POST", "/v1/meta/replicas", this::add),
                Route.change("DELETE", "/v1/meta/replicas/{id}", this::remove),
                Route.change("POST", "/v1/meta/transfer", this::transfer),
                // It holds the hashes of tokens: not for those who may only look.
                new Route("GET", "/v1/meta/backup", Route.Access.CHANGE, this::backup));
    }

    private RestResponse replicas(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.look(service -> {
            final Replication replication = service.replication();
            final ObjectNode body = Json.object();
            body.put("engine", replication == null ? "local" : "quorum")
                    .put("leads", service.leads())
                    .put("standing", service.standing())
                    .put("lastIndex", service.lastIndex());
            final ArrayNode all = body.putArray("replicas");
            if (replication != null) {
                replication.replicas().forEach(replica -> put(all.addObject(), replica, service));
            }
            return body;
        }));
    }

    private static void put(ObjectNode into, Replica replica, MetaService service) {
        final boolean leads = replica.self() ? service.leads() : replica.leads() && service.leader() != null;
        into.put("id", replica.id()).put("address", replica.address().toString());
        if (replica.rest() != null) {
            into.put("rest", replica.rest().toString());
        }
        if (replica.nodes() != null) {
            into.put("nodes", replica.nodes().toString());
        }
        into.put("leads", leads)
                .put("self", replica.self())
                .put("contact", replica.contact().name());
    }

    private RestResponse add(RestRequest request) {
        final Fields fields = request.fields().only(Set.of("id", "address"));
        final int id = fields.smallNumber("id", 0);
        final NodeAddress address = address(fields.text("address"));
        return change((replication, reply) -> replication.add(id, address, reply));
    }

    private RestResponse remove(RestRequest request) {
        final int id = id(request.path("id"));
        return change((replication, reply) -> replication.remove(id, reply));
    }

    private RestResponse transfer(RestRequest request) {
        final int id = request.fields().only(Set.of("id")).smallNumber("id", 0);
        return change((replication, reply) -> replication.transfer(id, reply));
    }

    private RestResponse change(BiConsumer<Replication, MetaReply<Boolean>> change) {
        access.<Boolean>reply((service, reply) -> {
            final Replication replication = service.replication();
            if (replication == null) {
                throw new Problem(
                        409,
                        "CONFLICT",
                        "metaserver",
                        "is the only one, and its log is its own",
                        "make it the first of a quorum: [meta] id = 1 and quorum = [\"1@HOST:PORT\"], and start it"
                                + " again");
            }
            change.accept(replication, reply);
        });
        return RestResponse.none();
    }

    private RestResponse backup(RestRequest request) {
        request.requireQuery(Set.of());
        return access.read(service -> new RestResponse(
                200,
                "application/octet-stream",
                new SnapshotFile(service.lastIndex(), service.state().snapshot()).toBytes()));
    }

    private static int id(String text) {
        if (!text.matches("\\d{1,5}")) {
            throw Problem.badRequest("id", "'" + text + "' is no number of a replica", "list them: basalt meta ls");
        }
        return Integer.parseInt(text);
    }

    private static NodeAddress address(String text) {
        final int colon = text.lastIndexOf(':');
        if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw Problem.badRequest("address", "'" + text + "' is no address", "write it as HOST:PORT");
        }
        try {
            return new NodeAddress(
                    InetAddress.getByName(text.substring(0, colon).replaceAll("^\\[|]$", ""))
                            .getHostAddress(),
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (UnknownHostException | IllegalArgumentException e) {
            throw Problem.badRequest("address", "'" + text + "' cannot be used: " + e.getMessage(), "correct it");
        }
    }
}
