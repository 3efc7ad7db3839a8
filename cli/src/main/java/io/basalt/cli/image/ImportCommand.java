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
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

/// `basalt import`: an image becomes a volume.
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Copy an image to a volume, which is made if it is not there. Zeroes are not stored.",
            "A volume that is there already is overwritten, after asking.",
            "The format is what --format says, or else what the name ends with, or else raw; never what the data looks"
                    + " like.",
        },
        footer = {
            "",
            "  basalt import debian-12.qcow2 vm1",
            "  basalt import https://images.example/debian-12.qcow2 vm1",
            "  zstd -dc vm1.raw.zst | basalt import - vm1 -s 20G",
        })
public final class ImportCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";
    private static final int BLOCK = 4096;
    private static final Duration RETRY_PAUSE = Duration.ofSeconds(2);

    @Parameters(index = "0", paramLabel = "FILE", description = "Image, its URL, or - for standard input.")
    private String file = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(
            names = {"-s", "--size"},
            paramLabel = "SIZE",
            description = "Size of a volume that is made (default: the image's).")
    private @Nullable ByteSize size;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description = "raw, qcow2 or vmdk; the last two need qemu-img.")
    private @Nullable ImageFormat format;

    @Option(
            names = "--resume",
            description = "The volume holds part of the image from an earlier run: what is equal is not written again.")
    private boolean resume;

    @Option(
            names = "--cache",
            paramLabel = "FOLDER",
            description = "Where images that are no raw ones are fetched to, and gone on with after an interruption"
                    + " (default: ~/.cache/basalt).")
    private @Nullable Path cache;

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
        final ImageFormat known = ImageFormat.of(file, format);
        if (known != ImageFormat.RAW) {
            requireWhole(known);
        }
        if (!HttpImage.isUrl(file)) {
            return known == ImageFormat.RAW ? importStream() : importThrough(known, Path.of(file));
        }
        try (HttpImage image = HttpImage.open(URI.create(file), RETRY_PAUSE)) {
            return known == ImageFormat.RAW ? importRaw(image, image.length()) : importFetched(known, image);
        }
    }

    /// What only a raw image can do.
    private void requireWhole(ImageFormat known) {
        if (file.equals(STANDARD_INPUT) || socket != null || resume) {
            throw CommandException.usage(
                    "only a raw image can come from standard input, go to --socket, or be gone on with by --resume",
                    "qemu-img convert -f " + known + " -O raw " + file + " disk.raw, and import that");
        }
    }

    private int importStream() throws IOException {
        if (file.equals(STANDARD_INPUT)) {
            return importRaw(new BufferedInputStream(System.in, ImageCopy.PIECE_BYTES), -1);
        }
        try (InputStream image = Files.newInputStream(Path.of(file))) {
            return importRaw(image, Files.size(Path.of(file)));
        }
    }

    private int importRaw(InputStream image, long length) throws IOException {
        final boolean blank = socket == null && prepare(length);
        if (!goesOn(blank)) {
            return confirmation.dryRun() ? ExitCode.OK : ExitCode.FAILED;
        }
        try (DiskSocket disk = socket == null ? DiskSocket.of(name, true, target, cluster) : DiskSocket.of(socket)) {
            copy(image, length, blank, disk.path());
        }
        return ExitCode.OK;
    }

    private int importFetched(ImageFormat known, HttpImage image) throws IOException {
        final Download download = new Download(URI.create(file), cacheFolder());
        if (confirmation.dryRun()) {
            goesOn(false);
            return ExitCode.OK;
        }
        final Progress progress = progress();
        final Path fetched;
        try {
            fetched = download.fetch(image, progress);
        } finally {
            progress.end();
        }
        final int status = importThrough(known, fetched);
        if (status == ExitCode.OK) {
            download.discard();
        }
        return status;
    }

    private Path cacheFolder() {
        return cache == null ? Path.of(System.getProperty("user.home"), ".cache", "basalt") : cache;
    }

    /// Have qemu-img copy what it alone understands.
    private int importThrough(ImageFormat known, Path image) {
        if (!Files.isReadable(image)) {
            throw CommandException.notFound("readable file", image.toString(), "");
        }
        final QemuImg program = new QemuImg("qemu-img");
        final long length = program.diskBytes(image, known);
        final boolean blank = prepare(length);
        if (!goesOn(blank)) {
            return confirmation.dryRun() ? ExitCode.OK : ExitCode.FAILED;
        }
        final Progress progress = progress();
        try (NbdDoor door = NbdDoor.of(name, true, target, cluster)) {
            program.load(image, known, door.uri(), blank, length, progress);
            if (verify) {
                program.compare(image, known, door.uri(), length, progress);
            }
        } finally {
            progress.end();
        }
        say("imported " + ByteSize.text(length) + " from a " + known + " image to " + label() + " in "
                + String.format(Locale.ROOT, "%.1f s", progress.seconds()) + (verify ? "; verified" : ""));
        return ExitCode.OK;
    }

    /// Whether the copying may begin; says why not.
    private boolean goesOn(boolean blank) {
        if (confirmation.dryRun()) {
            say("would import " + file + " to " + label());
            return false;
        }
        final boolean sure = blank || confirmation.given("Overwrite " + label() + " with " + file + "?");
        if (!sure) {
            say("nothing was changed");
        }
        return sure;
    }

    private Progress progress() {
        return new Progress(command().commandLine().getErr(), !noProgress && Style.terminal(), System::nanoTime);
    }

    private void copy(InputStream image, long length, boolean blank, Path path) throws IOException {
        final Progress progress = progress();
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
            final long read = copy.load(image, length, onto(blank));
            if (verify) {
                copy.verify(read);
            }
            progress.end();
            say("imported " + ByteSize.text(read) + " to " + label() + " in "
                    + String.format(Locale.ROOT, "%.1f s", progress.seconds()) + "; "
                    + ByteSize.text(copy.writtenBytes())
                    + (resume ? " of it had to be written" : " of it is data")
                    + (verify ? "; verified" : ""));
        } finally {
            progress.end();
        }
    }

    private ImageCopy.Onto onto(boolean blank) {
        if (blank) {
            return ImageCopy.Onto.ZEROES;
        }
        return resume ? ImageCopy.Onto.AN_EARLIER_COPY : ImageCopy.Onto.ANYTHING;
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
                    "there is no volume '" + name + "', and the image does not say how large it is", "add -s SIZE");
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
