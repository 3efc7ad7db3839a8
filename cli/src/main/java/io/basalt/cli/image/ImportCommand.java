package io.basalt.cli.image;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.cluster.Confirmation;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.Progress;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt import`: a raw image becomes a volume.
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Copy a raw image to a volume, which is made if it is not there. Zeroes are not stored.",
            "A volume that is there already is overwritten, after asking.",
        },
        footer = {"", "  qemu-img convert -O raw guest.qcow2 /dev/stdout | basalt import - vm1 -s 20G"})
public final class ImportCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";
    private static final int BLOCK = 4096;

    @Parameters(index = "0", paramLabel = "FILE", description = "Raw image, or - for standard input.")
    private String file = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(
            names = {"-s", "--size"},
            paramLabel = "SIZE",
            description = "Size of a volume that is made (default: the image's).")
    private @Nullable ByteSize size;

    @Option(names = "--verify", description = "Read everything back and compare.")
    private boolean verify;

    @Option(names = "--no-progress", description = "No progress line.")
    private boolean noProgress;

    @Option(names = "--socket", paramLabel = "PATH", description = "Write to this vhost-user-blk socket instead.")
    private @Nullable Path socket;

    @Mixin
    private Confirmation confirmation = new Confirmation();

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (name.isEmpty() == (socket == null)) {
            throw CommandException.usage("give a volume or --socket", "basalt import FILE VOLUME");
        }
        final boolean input = file.equals(STANDARD_INPUT);
        final long length = input ? -1 : Files.size(Path.of(file));
        final boolean blank = socket == null && prepare(length);
        if (confirmation.dryRun()) {
            say("would import " + file + " to " + label());
            return ExitCode.OK;
        }
        final boolean sure = blank || confirmation.given("Overwrite " + label() + " with " + file + "?");
        if (!sure) {
            say("nothing was changed");
            return ExitCode.FAILED;
        }
        try (InputStream image = input
                        ? new BufferedInputStream(System.in, ImageCopy.PIECE_BYTES)
                        : Files.newInputStream(Path.of(file));
                DiskSocket disk = socket == null ? DiskSocket.of(name, true, target, cluster) : DiskSocket.of(socket)) {
            copy(image, length, blank, disk.path());
        }
        return ExitCode.OK;
    }

    private void copy(InputStream image, long length, boolean blank, Path path) throws IOException {
        final PrintWriter err = command().commandLine().getErr();
        final Progress progress = new Progress(err, !noProgress && Style.terminal(), System::nanoTime);
        try (BlockClient client = BlockClient.open(path, ImageCopy.PIECE_BYTES, ImageCopy.SLOTS)) {
            if (client.readOnly()) {
                throw new CommandException(
                        ExitCode.CONFLICT, label() + " is served read-only", "basalt detach it, then import again");
            }
            if (length > client.capacityBytes()) {
                throw CommandException.usage(
                        "the image has " + ByteSize.text(length) + ", " + label() + " "
                                + ByteSize.text(client.capacityBytes()),
                        name.isEmpty() ? "take a larger disk" : "basalt resize " + name + " -s " + length);
            }
            final ImageCopy copy = new ImageCopy(client, progress);
            final long read = copy.load(image, length, blank);
            if (verify) {
                copy.verify(read);
            }
            progress.end();
            say("imported " + ByteSize.text(read) + " to " + label() + " in "
                    + String.format(Locale.ROOT, "%.1f s", progress.seconds()) + "; "
                    + ByteSize.text(copy.writtenBytes()) + " of it is data" + (verify ? "; verified" : ""));
        } finally {
            progress.end();
        }
    }

    /// See whether the volume is there, and make it if not.
    ///
    /// @return whether it reads as zeroes because it is new
    private boolean prepare(long length) {
        try (RestClient client = cluster.connect()) {
            final JsonNode volume = client.get(Lookup.volumePath(name));
            final long capacity = Texts.bytes(volume, "sizeBytes");
            if (length > capacity) {
                throw CommandException.usage(
                        "the image has " + ByteSize.text(length) + ", " + name + " " + ByteSize.text(capacity),
                        "basalt resize " + name + " -s " + ((length + BLOCK - 1) & -BLOCK));
            }
            return false;
        } catch (RestException refused) {
            if (!refused.notFound()) {
                throw refused;
            }
        }
        if (size == null && length < 0) {
            throw CommandException.usage(
                    "there is no volume '" + name + "', and standard input does not say how large it should be",
                    "add -s SIZE");
        }
        final long bytes = size == null ? Math.max(BLOCK, (length + BLOCK - 1) & -BLOCK) : size.bytes();
        if (length > bytes) {
            throw CommandException.usage(
                    "the image has " + ByteSize.text(length) + ", more than --size", "add -s SIZE");
        }
        if (!confirmation.dryRun()) {
            try (RestClient client = cluster.connect()) {
                client.change(
                        "POST",
                        "/v1/volumes",
                        JsonNodeFactory.instance.objectNode().put("name", name).put("sizeBytes", bytes));
            }
        }
        return true;
    }

    private String label() {
        return name.isEmpty() ? String.valueOf(socket) : name;
    }

    private CommandSpec command() {
        return Objects.requireNonNull(spec, "the command line parser sets it");
    }

    private void say(String text) {
        final PrintWriter out = command().commandLine().getOut();
        out.println(text);
        out.flush();
    }
}
