package io.basalt.cli.upgrade;

import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// The cluster behind a REST API.
final class RestCluster implements UpgradedCluster {
    /// What a restart makes no worse.
    private static final Set<String> HARMLESS = Set.of("SET_NEAR_FULL", "DEVICE_ERRORS", "NODE_DOWN", "ATTACH_WAITS");

    private static final String ALONE = "meta";

    private final RestClient client;

    RestCluster(RestClient client) {
        this.client = client;
    }

    @Override
    public List<Member> members() {
        final List<Member> metaservers = new ArrayList<>();
        client.get("/v1/meta").path("replicas").forEach(each -> metaservers.add(metaserver(each)));
        if (metaservers.isEmpty()) {
            metaservers.add(new Member(Member.Kind.META, ALONE, client.base().getHost(), "", 0, true, true));
        }
        metaservers.sort(Comparator.comparing(Member::leads).thenComparing(Member::name));
        final List<Member> all = new ArrayList<>(metaservers);
        Pages.all(client, "nodes").stream()
                .filter(RestCluster::isChunkServer)
                .map(RestCluster::chunkServer)
                .sorted(Comparator.comparing(Member::host).thenComparing(Member::name))
                .forEach(all::add);
        return all;
    }

    private static boolean isChunkServer(JsonNode node) {
        return node.path("role").stringValue("").equals("chunk");
    }

    private static Member chunkServer(JsonNode node) {
        return new Member(
                Member.Kind.CHUNK,
                Texts.text(node, "name"),
                node.path("host").stringValue(""),
                node.path("software").stringValue(""),
                Texts.bytes(node, "registeredMs"),
                node.path("up").booleanValue(false),
                false);
    }

    private static Member metaserver(JsonNode replica) {
        return new Member(
                Member.Kind.META,
                replica.path("id").asString(""),
                replica.path("address").stringValue("").replaceFirst(":\\d+$", ""),
                "",
                0,
                answers(replica),
                replica.path("leads").booleanValue(false));
    }

    private static boolean answers(JsonNode replica) {
        return replica.path("self").booleanValue(false)
                || replica.path("contact").stringValue("").equals("ANSWERS");
    }

    @Override
    public List<String> obstacles() {
        final List<String> obstacles = new ArrayList<>();
        for (final JsonNode replica : client.get("/v1/meta").path("replicas")) {
            if (!answers(replica)) {
                obstacles.add("metaserver " + replica.path("id").asString("") + " does not answer the one that leads");
            }
        }
        for (final JsonNode node : Pages.all(client, "nodes")) {
            if (isChunkServer(node) && !node.path("up").booleanValue(false)) {
                obstacles.add("chunk server " + Texts.text(node, "name") + " does not answer");
            }
        }
        for (final JsonNode check : client.get("/v1/health").path("checks")) {
            if (!HARMLESS.contains(check.path("code").stringValue(""))) {
                obstacles.add(Texts.text(check, "code") + ": " + Texts.text(check, "what"));
            }
        }
        return obstacles;
    }

    @Override
    public void transferFrom(String metaserver) {
        for (final Member each : members()) {
            if (each.kind() == Member.Kind.META && !each.name().equals(metaserver) && each.answers()) {
                client.change(
                        "POST",
                        "/v1/meta/transfer",
                        JsonNodeFactory.instance.objectNode().put("id", Integer.parseInt(each.name())));
                return;
            }
        }
    }
}
