package io.basalt.cli.volume;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.cluster.Confirmation;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.gate.rpc.RpcClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt detach`: stop serving a volume.
@Command(
        name = "detach",
        mixinStandardHelpOptions = true,
        description = "Stop serving a volume, once what its guest has asked for is answered.")
public final class DetachCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(names = "--remote", description = "Ask the gate that has it, wherever that is, by way of the metaserver.")
    private boolean remote;

    @Option(
            names = "--force",
            description =
                    "Take it away from a gate that does not answer: nothing it still sends is written. Asks first.")
    private boolean force;

    @Option(names = "--if-exists", description = "It may be detached already.")
    private boolean ifExists;

    @Mixin
    private Confirmation confirmation = new Confirmation();

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        return remote || force ? there() : here();
    }

    private int here() {
        try (RpcClient client = target.connect(cluster.configuration())) {
            final VolumeAttachment attachment = new VolumeAttachment(client, name);
            if (confirmation.dryRun()) {
                say(attachment.find() == null ? name + " is not served here" : "would detach " + name);
                return ExitCode.OK;
            }
            if (!attachment.release() && !ifExists) {
                throw CommandException.notFound(
                        "attachment of", name, "`basalt ls` shows which gate has it; from there, or with --remote");
            }
            say("detached " + name);
        }
        return ExitCode.OK;
    }

    private int there() {
        try (RestClient client = cluster.connect()) {
            final JsonNode volume = Lookup.volume(client, name);
            if (!volume.path("attached").booleanValue(false)) {
                if (!ifExists) {
                    throw CommandException.notFound("attachment of", name, "it is detached already");
                }
                say(name + " is detached already");
                return ExitCode.OK;
            }
            final String gate = Texts.text(volume, "gate");
            if (confirmation.dryRun()) {
                say("would detach " + name + " from " + gate);
                return ExitCode.OK;
            }
            if (force && !confirmation.given("Take " + name + " away from " + gate + ", failing its guest's I/O?")) {
                return ExitCode.FAILED;
            }
            client.change(
                    "POST",
                    Lookup.volumePath(name) + "/detach",
                    JsonNodeFactory.instance.objectNode().put("force", force));
            say("detached " + name + " from " + gate);
        }
        return ExitCode.OK;
    }

    private void say(String text) {
        output.one(JsonNodeFactory.instance.objectNode().put("volume", name).put("result", text), name, text);
    }
}
