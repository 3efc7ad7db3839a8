package io.basalt.cli.image;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.Progress;
import io.basalt.cli.output.Style;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
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

/// `basalt export`: a volume becomes an image.
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Copy a volume to an image. Zeroes become holes in a file.",
            "The format is what --format says, or else what the name ends with, or else raw.",
        },
        footer = {"", "  basalt export vm1 vm1.qcow2 --compress", "  basalt export vm1 - | zstd > vm1.raw.zst"})
public final class ExportCommand implements Callable<Integer> {
    private static final String STANDARD_OUTPUT = "-";

    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name; with --socket, anything.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "Image, or - for standard output.")
    private String file = "";

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description = "raw, qcow2 or vmdk; the last two need qemu-img.")
    private @Nullable ImageFormat format;

    @Option(names = "--compress", description = "Compress the data of a qcow2 image.")
    private boolean compress;

    @Option(
            names = "--resume",
            description = "The file holds part of the image from an earlier run: what is equal is not written again.")
    private boolean resume;

    @Option(names = "--overwrite", description = "The file may be there already.")
    private boolean overwrite;

    @Option(names = "--no-progress", description = "No progress line.")
    private boolean noProgress;

    @Option(names = "--socket", paramLabel = "PATH", description = "Read from this vhost-user-blk socket instead.")
    private @Nullable Path socket;

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        final boolean output = file.equals(STANDARD_OUTPUT);
        final ImageFormat wanted = ImageFormat.of(file, format);
        requireSense(wanted, output);
        if (!output && !overwrite && !resume && Files.exists(Path.of(file))) {
            throw new CommandException(
                    ExitCode.CONFLICT, file + " exists already", "take another name, or add --overwrite");
        }
        if (socket == null) {
            try (RestClient client = cluster.connect()) {
                Lookup.volume(client, name);
            }
        }
        if (dryRun) {
            say("would export " + name + " to " + file);
            return ExitCode.OK;
        }
        if (wanted != ImageFormat.RAW) {
            return exportThrough(wanted);
        }
        try (DiskSocket disk = socket == null ? DiskSocket.of(name, false, target, cluster) : DiskSocket.of(socket);
                BlockClient client = BlockClient.open(disk.path(), ImageCopy.PIECE_BYTES, ImageCopy.SLOTS)) {
            if (output) {
                // Not closed: it is the process's own.
                final OutputStream stream = new FileOutputStream(FileDescriptor.out);
                copy(client, null, stream);
            } else {
                try (RandomAccessFile image = new RandomAccessFile(file, "rw")) {
                    if (!resume) {
                        image.setLength(0);
                    }
                    copy(client, image, OutputStream.nullOutputStream());
                }
            }
        }
        return ExitCode.OK;
    }

    private void requireSense(ImageFormat wanted, boolean output) {
        if (compress && wanted != ImageFormat.QCOW2) {
            throw CommandException.usage("only a qcow2 image is compressed", "add --format qcow2");
        }
        if (resume && output) {
            throw CommandException.usage("standard output holds no part of an image", "name a file, or leave --resume");
        }
        if (wanted != ImageFormat.RAW && (output || socket != null || resume)) {
            throw CommandException.usage(
                    "only a raw image can go to standard output, come from --socket, or be gone on with by --resume",
                    "add --format raw");
        }
    }

    /// Have qemu-img write what it alone understands.
    private int exportThrough(ImageFormat wanted) throws IOException {
        final Progress progress = progress();
        final long bytes;
        try (NbdDoor door = NbdDoor.of(name, false, target, cluster)) {
            bytes = door.bytes();
            new QemuImg("qemu-img").save(door.uri(), Path.of(file), wanted, compress, bytes, progress);
        } finally {
            progress.end();
        }
        say("exported " + ByteSize.text(bytes) + " to the " + wanted + " image " + file + " in "
                + String.format(Locale.ROOT, "%.1f s", progress.seconds()) + "; it has "
                + ByteSize.text(Files.size(Path.of(file))));
        return ExitCode.OK;
    }

    private Progress progress() {
        return new Progress(command().commandLine().getErr(), !noProgress && Style.terminal(), System::nanoTime);
    }

    private void copy(BlockClient client, @Nullable RandomAccessFile image, OutputStream stream) throws IOException {
        final Progress progress = progress();
        try {
            final ImageCopy copy = new ImageCopy(client, progress);
            copy.save(image, stream, resume ? ImageCopy.Onto.AN_EARLIER_COPY : ImageCopy.Onto.ZEROES);
            progress.end();
            if (image != null) {
                say("exported " + ByteSize.text(client.capacityBytes()) + " to " + file + " in "
                        + String.format(Locale.ROOT, "%.1f s", progress.seconds()) + "; "
                        + ByteSize.text(copy.writtenBytes())
                        + (resume ? " of it had to be written" : " of it is data"));
            }
        } finally {
            progress.end();
        }
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
