package io.basalt.cli.cluster;

import io.basalt.cli.ExitCode;
import io.basalt.cli.rest.RestClient;
import java.time.Instant;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/// `basalt status`: the cluster on one screen.
@Command(name = "status", mixinStandardHelpOptions = true, description = "Show the cluster: services, data, health.")
public final class StatusCommand extends ClusterCommand {
    @Override
    protected int run(RestClient client) {
        final JsonNode status = client.get("/v1/status");
        final String health = StatusReport.health(status);
        final JsonNode checks = output().format().forPeople() && !health.equals("HEALTH_OK")
                ? client.get("/v1/health").path("checks")
                : status.path("none");
        output().one(status, health, StatusReport.text(status, checks, Instant.now(), output().style()));
        return ExitCode.OK;
    }
}
