package io.basalt.cli.volume;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.GuestRecipe;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.cli.gate.VolumeAttachment.From;
import io.basalt.cli.gate.VolumeAttachment.Served;
import io.basalt.cli.output.OutputFormat;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.rpc.RpcError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt attach`: have a gate serve a volume to a guest.
@Command(
        name = "attach",
        mixinStandardHelpOptions = true,
        description = {
            "Serve a volume to a guest of this host, and say how to start the guest.",
            "-o name prints the socket and nothing else; -o wide adds libvirt's elements.",
        })
public final class AttachCommand implements Callable<Integer> {
    private static final int QUEUES_SHOWN = 4;

    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(names = "--gate", paramLabel = "NODE", description = "The gate of another host, asked by the metaserver.")
    private @Nullable String gate;

    @Option(names = "--queues", paramLabel = "N", description = "Queues offered (default: the gate chooses).")
    private int queues;

    @Option(names = "--read-only", description = "Guests may not write.")
    private boolean readOnly;

    @Option(names = "--packed", description = "Offer packed rings.")
    private boolean packed;

    @Option(
            names = "--take-over",
            description = "Take it from another gate that serves it, whose guest's I/O then fails.")
    private boolean takeOver;

    @Option(
            names = "--incoming",
            description = {
                "Its guest will move here by live migration: the volume is taken",
                "when the guest begins to run here, not before."
            })
    private boolean incoming;

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        if (incoming && takeOver) {
            throw CommandException.usage(
                    "--incoming waits for the guest, --take-over does not",
                    "give --incoming before a live migration, --take-over if the other host is gone");
        }
        if (dryRun) {
            return rehearse();
        }
        final Served served = gate == null ? here() : there(gate);
        final Path socket = served.socket();
        final int shown = Math.clamp(served.queues(), 1, queues == 0 ? QUEUES_SHOWN : queues);
        final ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("volume", name).put("socket", socket.toString());
        answer.put("qemu", String.join("\n", GuestRecipe.qemu(socket, shown)));
        answer.put("libvirt", String.join("\n", GuestRecipe.libvirt(socket, shown)));
        output.one(answer, socket.toString(), text(socket, shown));
        return ExitCode.OK;
    }

    private String text(Path socket, int shown) {
        final List<String> lines = new ArrayList<>();
        lines.add("attached " + name + (readOnly ? ", read only" : "") + (gate == null ? "" : " to " + gate));
        lines.add("socket " + socket);
        lines.add("");
        lines.addAll(GuestRecipe.qemu(socket, shown));
        if (output.format() == OutputFormat.WIDE) {
            lines.add("");
            lines.addAll(GuestRecipe.libvirt(socket, shown));
        }
        return String.join(System.lineSeparator(), lines);
    }

    private Served here() {
        try (RpcClient client = target.connect(cluster.configuration())) {
            return new VolumeAttachment(client, name).serve(readOnly, packed, queues, from());
        } catch (RpcError refused) {
            if (refused.code() == RpcError.NO_DEVICE || refused.summary().equals("No such device")) {
                throw guess(refused);
            }
            throw refused;
        }
    }

    private From from() {
        if (takeOver) {
            return From.ANYBODY;
        }
        return incoming ? From.GUEST_THAT_MOVES : From.NOBODY;
    }

    /// The gate knows no such volume: the metaserver may know a name that is nearly the same.
    private RuntimeException guess(RpcError refused) {
        try (RestClient client = cluster.connect()) {
            Lookup.volume(client, name);
            return refused;
        } catch (CommandException guess) {
            return guess;
        } catch (RestException unknown) {
            return refused;
        }
    }

    private Served there(String node) {
        if (readOnly || packed || takeOver || incoming || queues != 0) {
            throw CommandException.usage(
                    "--gate takes no --read-only, --packed, --queues, --incoming or --take-over",
                    "run basalt attach on the host of " + node + " to choose them");
        }
        try (RestClient client = cluster.connect()) {
            final JsonNode volume = Lookup.volume(client, name);
            final JsonNode served = client.change(
                    "POST",
                    Lookup.volumePath(volume.path("name").stringValue(name)) + "/attach",
                    JsonNodeFactory.instance.objectNode().put("gate", node));
            return new Served(Path.of(served.path("socket").stringValue("")), QUEUES_SHOWN);
        }
    }

    private int rehearse() {
        try (RestClient client = cluster.connect()) {
            final JsonNode volume = Lookup.volume(client, name);
            output.one(
                    volume,
                    name,
                    "would attach " + name + " to "
                            + (gate == null ? "the gate at " + target.socket(cluster.configuration()) : gate)
                            + (volume.path("attached").booleanValue(false)
                                    ? switch (from()) {
                                                case ANYBODY -> ", taking it from ";
                                                case GUEST_THAT_MOVES -> ", for its guest to move here from ";
                                                case NOBODY -> ", if it is not in use at ";
                                            }
                                            + volume.path("gate").stringValue("another one")
                                    : ""));
        }
        return ExitCode.OK;
    }
}
