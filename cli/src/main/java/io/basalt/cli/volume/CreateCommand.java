package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt create`: a new volume, thin.
@Command(
        name = "create",
        mixinStandardHelpOptions = true,
        description = "Make a volume. It takes no space until it is written to.",
        footer = {"", "  basalt create vm1 -s 20G && basalt attach vm1"})
public final class CreateCommand extends ClusterCommand {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(
            names = {"-s", "--size"},
            paramLabel = "SIZE",
            required = true,
            description = "How large: 20G, 1.5T; units are powers of 1024.")
    private ByteSize size = new ByteSize(0);

    @Option(names = "--set", paramLabel = "SET", description = "Set to place it in (default: the only one).")
    private String set = "";

    @Option(names = "--class", paramLabel = "CLASS", description = "Quality of service class (default: ssd).")
    private String volumeClass = "";

    @Option(names = "--shard", paramLabel = "SIZE", description = "Unit of placement (default: 1M).")
    private @Nullable ByteSize shard;

    @Option(names = "--block", paramLabel = "SIZE", description = "Sector that guests see: 4096 (default) or 512.")
    private @Nullable ByteSize block;

    @Option(names = "--if-not-exists", description = "It may be there already, with the same size.")
    private boolean ifNotExists;

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    @Override
    protected int run(RestClient client) {
        if (dryRun) {
            return rehearse(client);
        }
        final JsonNode volume;
        try {
            volume = client.change("POST", "/v1/volumes", request());
        } catch (RestException refused) {
            if (!refused.code().equals("EXISTS")) {
                throw refused;
            }
            return existing(client.get(Lookup.volumePath(name)));
        }
        output().one(volume, name, "created " + name + " (" + Texts.size(volume, "sizeBytes") + ")");
        return ExitCode.OK;
    }

    private ObjectNode request() {
        final ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("name", name).put("sizeBytes", size.bytes());
        if (!set.isEmpty()) {
            request.put("set", set);
        }
        if (!volumeClass.isEmpty()) {
            request.put("class", volumeClass);
        }
        if (shard != null) {
            request.put("shardBytes", shard.bytes());
        }
        if (block != null) {
            request.put("blockBytes", block.bytes());
        }
        return request;
    }

    private int existing(JsonNode volume) {
        final String has = name + " exists already (" + Texts.size(volume, "sizeBytes") + ")";
        if (!ifNotExists) {
            throw new CommandException(
                    ExitCode.CONFLICT, has, "take another name, or add --if-not-exists if that is what you want");
        }
        if (Texts.bytes(volume, "sizeBytes") != size.bytes()) {
            throw new CommandException(
                    ExitCode.CONFLICT, has + ", not " + size, "to make it larger: basalt resize " + name + " -s SIZE");
        }
        output().one(volume, name, has);
        return ExitCode.OK;
    }

    private int rehearse(RestClient client) {
        try {
            return existing(client.get(Lookup.volumePath(name)));
        } catch (RestException refused) {
            if (!refused.notFound()) {
                throw refused;
            }
        }
        final List<JsonNode> sets =
                set.isEmpty() ? Pages.all(client, "sets") : List.of(Lookup.named(client, "set", set));
        final StringBuilder text = new StringBuilder("would create " + name + " (" + size + ")");
        if (sets.size() == 1) {
            final JsonNode where = sets.getFirst();
            final long copies = where.path("copies").longValue(1);
            text.append(" in set ")
                    .append(Texts.text(where, "name"))
                    .append(", ")
                    .append(copies);
            text.append(" copies, at most ")
                    .append(ByteSize.text((double) size.bytes() * copies))
                    .append(" raw");
        }
        output().one(request().put("dryRun", true), name, text.toString());
        return ExitCode.OK;
    }
}
