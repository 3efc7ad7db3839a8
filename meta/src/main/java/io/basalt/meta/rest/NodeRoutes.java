package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaCommand.AdminDevice.Action;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.wire.meta.DeviceReport;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Nodes and their devices: list, look at, take in and out of use.
final class NodeRoutes {
    private final ServiceAccess access;

    NodeRoutes(ServiceAccess access) {
        this.access = access;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/v1/nodes", this::nodes),
                Route.get("/v1/nodes/{name}", this::node),
                Route.get("/v1/devices", this::devices),
                Route.get("/v1/devices/{id}", this::device),
                Route.change("PATCH", "/v1/devices/{id}", this::change));
    }

    private RestResponse nodes(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.read(service -> {
            final ObjectNode body = Json.object();
            final ArrayNode nodes = body.putArray("nodes");
            service.state().nodes().forEach(node -> nodes.add(json(service, node)));
            return body;
        }));
    }

    private RestResponse node(RestRequest request) {
        final String name = request.path("name");
        return RestResponse.ok(access.read(service -> service.state().nodes().stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .map(node -> json(service, node))
                .orElseThrow(() -> Problem.notFound("node", "there is no node '" + name + "'", "list the nodes"))));
    }

    private RestResponse devices(RestRequest request) {
        request.requireQuery(Set.of());
        return RestResponse.ok(access.read(service -> {
            final ObjectNode body = Json.object();
            final ArrayNode devices = body.putArray("devices");
            service.state().devices().forEach(device -> devices.add(json(service, device)));
            return body;
        }));
    }

    private RestResponse device(RestRequest request) {
        final int id = request.pathNumber("id");
        return RestResponse.ok(access.read(service -> json(service, require(service, id))));
    }

    private RestResponse change(RestRequest request) {
        final int id = request.pathNumber("id");
        final Fields fields = request.fields().only(Set.of("state", "weight"));
        final Action action = switch (fields.text("state", "")) {
            case "" -> Action.KEEP;
            case "in" -> Action.IN;
            case "drain" -> Action.DRAIN;
            case "out" -> Action.OUT;
            default -> throw Problem.badRequest("state", "is not known", "give in, drain or out");
        };
        final double weight = fields.fraction("weight", 0);
        if (weight < 0 || weight * Device.WEIGHT_ONE > Device.WEIGHT_MAX) {
            throw Problem.badRequest("weight", "is " + weight, "give 0.00002 to 16384; 1 is usual for each TiB");
        }
        final int fixed = weight == 0 ? 0 : (int) Math.max(1, Math.round(weight * Device.WEIGHT_ONE));
        access.propose(new MetaCommand.AdminDevice(id, action, fixed));
        return RestResponse.ok(access.read(service -> json(service, require(service, id))));
    }

    private static DeviceRecord require(MetaService service, int id) {
        final DeviceRecord device = service.state().device(id);
        if (device == null) {
            throw Problem.notFound("device", "there is no device " + id, "list the devices");
        }
        return device;
    }

    private static ObjectNode json(MetaService service, NodeRecord node) {
        final ObjectNode json = Json.object();
        json.put("id", node.id());
        json.put("uuid", node.uuid().toString());
        json.put("name", node.name());
        json.put("role", node.role().name().toLowerCase(Locale.ROOT));
        json.put("software", node.software());
        json.put("room", node.location().room());
        json.put("rack", node.location().rack());
        json.put("host", node.location().host());
        json.put("up", node.up());
        json.put("connected", service.connected(node.id()));
        json.put("registeredMs", node.registeredMs());
        final ArrayNode devices = json.putArray("devices");
        service.state().devices().stream()
                .filter(device -> device.nodeId() == node.id())
                .forEach(device -> devices.add(device.id()));
        return json;
    }

    private static ObjectNode json(MetaService service, DeviceRecord device) {
        final ObjectNode json = Json.object();
        final @Nullable NodeRecord node = service.state().node(device.nodeId());
        final @Nullable SetRecord set = service.state().set(device.setId());
        final @Nullable Device place = set == null ? null : set.map().device(device.id());
        final @Nullable DeviceReport report = service.report(device.id());
        json.put("id", device.id());
        json.put("uuid", device.uuid().toString());
        json.put("node", node == null ? "" : node.name());
        json.put("set", set == null ? "" : set.name());
        json.put("class", device.deviceClass());
        json.put("state", place == null ? "" : place.state().name());
        json.put("address", place == null ? "" : place.address());
        json.put("weight", place == null ? 0 : (double) place.weight() / Device.WEIGHT_ONE);
        json.put("capacityBytes", report == null ? device.capacityBytes() : report.capacityBytes());
        json.put("usedBytes", report == null ? device.usedBytes() : report.usedBytes());
        json.put("contentBytes", report == null ? 0 : report.contentBytes());
        json.put("failed", service.failed(device.id()));
        json.put("errors", report == null ? 0 : report.errors());
        json.set("io", Json.rate(service.rate(device.id())));
        json.put("present", device.present());
        json.put("loadRatio", report == null ? 0 : report.loadPermille() / 1000.0);
        return json;
    }
}
