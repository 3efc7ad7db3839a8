package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Volumes: make, list, look at, change, delete, attach, detach.
final class VolumeRoutes {
    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 1000;
    private static final int BLOCK_BYTES_DEFAULT = 4096;

    private final ServiceAccess access;

    VolumeRoutes(ServiceAccess access) {
        this.access = access;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/volumes", this::list),
                Route.change("POST", "/v1/volumes", this::create),
                Route.get("/v1/volumes/{name}", this::show),
                Route.change("PATCH", "/v1/volumes/{name}", this::change),
                Route.change("DELETE", "/v1/volumes/{name}", this::delete),
                Route.change("POST", "/v1/volumes/{name}/attach", this::attach),
                Route.change("POST", "/v1/volumes/{name}/detach", this::detach));
    }

    private RestResponse list(RestRequest request) {
        request.requireQuery(Set.of("limit", "after"));
        final int limit = request.queryNumber("limit", PAGE_DEFAULT, 1, PAGE_MAX);
        final String after = request.query("after", "");
        return RestResponse.ok(access.read(service -> {
            final ObjectNode page = Json.object();
            final ArrayNode volumes = page.putArray("volumes");
            final List<VolumeRecord> records = service.state().volumes(after, limit);
            records.forEach(volume -> volumes.add(json(service, volume)));
            page.put("total", service.state().volumeCount());
            if (records.size() == limit) {
                page.put("next", records.getLast().name());
            }
            return page;
        }));
    }

    private RestResponse create(RestRequest request) {
        final Fields fields =
                request.fields().only(Set.of("name", "sizeBytes", "shardBytes", "blockBytes", "class", "set"));
        final String name = fields.text("name");
        final RequestId id = request.requestId();
        requireShort("name", name);
        final long sizeBytes = fields.number("sizeBytes");
        final int shardBytes = fields.smallNumber("shardBytes", Limits.SHARD_BYTES_DEFAULT);
        final int blockBytes = fields.smallNumber("blockBytes", BLOCK_BYTES_DEFAULT);
        final String volumeClass = requireShort("class", fields.text("class", "ssd"), Limits.TEXT_BYTES_MAX);
        final String set = requireShort("set", fields.text("set", ""));
        return RestResponse.json(
                201,
                access.propose(
                        service -> new MetaCommand.CreateVolume(
                                id, name, sizeBytes, shardBytes, blockBytes, volumeClass, set, service.nowMs()),
                        (service, result) -> byId(service, result.value(), name)));
    }

    /// The volume of a number: it may have another name by now, or be gone.
    private static ObjectNode byId(MetaService service, long volumeId, String name) {
        final VolumeRecord volume = service.state().volume(volumeId);
        if (volume == null) {
            throw missing(name);
        }
        return json(service, volume);
    }

    private RestResponse show(RestRequest request) {
        return RestResponse.ok(access.read(service -> json(service, require(service, request.path("name")))));
    }

    private RestResponse change(RestRequest request) {
        final Fields fields = request.fields().only(Set.of("name", "sizeBytes", "class"));
        final long size = fields.number("sizeBytes", 0);
        final MetaCommand command = new MetaCommand.PatchVolume(
                request.requestId(),
                requireShort("name", request.path("name")),
                requireShort("name", fields.text("name", "")),
                size,
                requireShort("class", fields.text("class", ""), Limits.TEXT_BYTES_MAX));
        return RestResponse.ok(access.propose(
                service -> command, (service, result) -> byId(service, result.value(), request.path("name"))));
    }

    private RestResponse delete(RestRequest request) {
        access.propose(new MetaCommand.DeleteVolume(request.requestId(), requireShort("name", request.path("name"))));
        return RestResponse.none();
    }

    private RestResponse attach(RestRequest request) {
        final String gate = request.fields().only(Set.of("gate")).text("gate", "");
        final String name =
                access.read(service -> require(service, request.path("name"))).name();
        final ServeResult result = access.reply((service, reply) -> service.serve(name, gate, reply));
        final ObjectNode body = access.read(service -> json(service, require(service, name)));
        body.put("socket", result.socket());
        return RestResponse.ok(body);
    }

    private RestResponse detach(RestRequest request) {
        final boolean force = request.fields().only(Set.of("force")).flag("force", false);
        final VolumeRecord volume = access.read(service -> require(service, request.path("name")));
        if (force) {
            final MetaCommand.Fence command = new MetaCommand.Fence(request.requestId(), volume.name());
            access.result(
                    (service, listener) -> service.fence(command, service.nowNs() + access.timeoutNs() / 2, listener));
        } else if (volume.attached()) {
            access.<Boolean>reply((service, reply) -> service.release(volume, reply));
        }
        return RestResponse.ok(access.read(service -> json(service, require(service, volume.name()))));
    }

    private static VolumeRecord require(MetaService service, String name) {
        final VolumeRecord volume = service.state().volume(name);
        if (volume == null) {
            throw missing(name);
        }
        return volume;
    }

    private static Problem missing(String name) {
        return Problem.notFound("volume", "there is no volume '" + name + "'", "list the volumes");
    }

    private static String requireShort(String field, String text) {
        return requireShort(field, text, Limits.NAME_LENGTH_MAX);
    }

    /// A command's fields have a bounded length; what they may contain is the state machine's to say.
    private static String requireShort(String field, String text, int most) {
        if (text.length() > most || !text.chars().allMatch(c -> c < 0x80)) {
            throw Problem.badRequest(field, "is not at most " + most + " ASCII characters", "choose another one");
        }
        return text;
    }

    static ObjectNode json(MetaService service, VolumeRecord volume) {
        final ObjectNode json = Json.object();
        json.put("id", volume.volumeId());
        json.put("name", volume.name());
        json.put("sizeBytes", volume.sizeBytes());
        json.put(
                "contentBytes",
                volume.parts().stream()
                        .mapToLong(part -> service.usage().contentBytes(part.partId()))
                        .sum());
        json.put("shardBytes", volume.shardBytes());
        json.put("blockBytes", volume.blockBytes());
        json.put("class", volume.volumeClass());
        json.put("createdMs", volume.createdMs());
        json.put("generation", volume.generation());
        json.put("attached", volume.attached());
        if (volume.attached()) {
            final @Nullable NodeRecord gate = service.state().node(volume.gateNodeId());
            json.put("gate", gate == null ? "" : gate.name());
        } else {
            json.putNull("gate");
        }
        final ArrayNode parts = json.putArray("parts");
        for (final PartRecord part : volume.parts()) {
            final @Nullable SetRecord set = service.state().set(part.setId());
            parts.addObject()
                    .put("id", part.partId())
                    .put("set", set == null ? "" : set.name())
                    .put("offsetBytes", part.offsetBytes())
                    .put("lengthBytes", part.lengthBytes());
        }
        return json;
    }
}
