package io.basalt.cli.tool;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.Confirmation;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Texts;
import io.basalt.store.chunk.ChunkCheck;
import io.basalt.store.chunk.ChunkDump;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.DeviceIdentity;
import io.basalt.store.chunk.FormatListener;
import io.basalt.store.chunk.FormatOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt chunk`: the devices of a chunk server that is not running.
@Command(
        name = "chunk",
        mixinStandardHelpOptions = true,
        description = "Devices of a chunk server that is not running: format, check, dump.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ChunkCommand.Format.class, ChunkCommand.Check.class, ChunkCommand.Dump.class})
public final class ChunkCommand {
    private static final JsonMapper JSON = new JsonMapper();

    /// `basalt chunk format`.
    @Command(
            name = "format",
            mixinStandardHelpOptions = true,
            description = "Write an empty chunk store on a device or file. Everything on it is lost. Asks first.",
            footer = {
                "",
                "  basalt chunk format /dev/nvme0n1",
                "  basalt chunk format disk0.img --create 100G --yes",
                "  basalt chunk format --again /dev/nvme0n1   (it cannot be opened, and other copies have its content)"
            })
    static final class Format implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "DEVICE", description = "Block device or file.")
        private Path device = Path.of("");

        @Option(names = "--create", paramLabel = "SIZE", description = "Make a sparse file of this size.")
        private @Nullable ByteSize create;

        @Option(
                names = "--again",
                description =
                        "Keep the device's identity, and have the cluster fill it from other copies. Until it has,"
                                + " nothing that may have been there is read as zeros.")
        private boolean again;

        @Option(
                names = "--identity",
                paramLabel = "UUID",
                description = "With --again: the identity, if the superblock cannot be read (basalt device ls).")
        private @Nullable UUID identity;

        @Option(names = "--shard", paramLabel = "SIZE", defaultValue = "1M", description = "Largest shard: 16k to 1M.")
        private ByteSize shard = new ByteSize(0);

        @Option(names = "--spares", paramLabel = "N", defaultValue = "16", description = "Spare blocks of each slot.")
        private int spares;

        @Option(names = "--log", paramLabel = "SIZE", description = "Intent log (default: 1/1024 of the device).")
        private @Nullable ByteSize log;

        @Mixin
        private Confirmation confirmation = new Confirmation();

        @Mixin
        private OutputOptions output = new OutputOptions();

        @Override
        public Integer call() throws IOException {
            final boolean present = Files.exists(device);
            if (present && create != null) {
                throw new CommandException(
                        ExitCode.CONFLICT, device + " exists already", "leave --create out to format what is there");
            }
            if (!present && create == null) {
                throw CommandException.notFound("device", device.toString(), "to make a file, add --create SIZE");
            }
            if (confirmation.dryRun()) {
                say("would format " + device);
                return ExitCode.OK;
            }
            if (present && !confirmation.given("Format " + device + "? Everything on it is lost.")) {
                say("nothing was changed");
                return ExitCode.FAILED;
            }
            if (create != null) {
                try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
                    file.setLength(create.bytes());
                }
            }
            format(again ? identity() : null);
            say("formatted " + device);
            return ExitCode.OK;
        }

        /// Who the device was before. Asked before anything is overwritten.
        private UUID identity() {
            final Optional<UUID> read = DeviceReactor.run(
                    device, false, (volume, reactor, result) -> DeviceIdentity.read(volume, reactor, result::complete));
            return read.or(() -> Optional.ofNullable(identity))
                    .orElseThrow(() -> new CommandException(
                            ExitCode.FAILED,
                            device + ": neither copy of the superblock can be read, so it is not known who it is",
                            "give --identity UUID, as `basalt device ls -o yaml` has it"));
        }

        private void format(@Nullable UUID known) {
            final SecureRandom random = new SecureRandom();
            final FormatOptions plain = new FormatOptions(
                    random.nextLong(),
                    random.nextLong(),
                    Math.toIntExact(Math.min(shard.bytes(), Integer.MAX_VALUE)),
                    spares,
                    log == null ? 0 : Math.toIntExact(log.bytes() / 4096),
                    0,
                    0);
            final FormatOptions options = known == null ? plain : plain.inPlaceOf(known);
            DeviceReactor.<Boolean>run(
                    device,
                    true,
                    (volume, reactor, result) -> ChunkStore.format(volume, reactor, options, new FormatListener() {
                        @Override
                        public void formatted() {
                            result.complete(Boolean.TRUE);
                        }

                        @Override
                        public void refused(String reason) {
                            result.completeExceptionally(
                                    new CommandException(ExitCode.FAILED, device + ": " + reason, ""));
                        }
                    }));
        }

        private void say(String text) {
            output.one(
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("device", device.toString())
                            .put("result", text),
                    device.toString(),
                    text);
        }
    }

    /// `basalt chunk check`.
    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description = "Read a whole device and compare every checksum. Changes nothing.",
            exitCodeListHeading = "%nExit codes:%n",
            exitCodeList = {"0:everything is as it should be", "1:something is not", "4:in use"})
    static final class Check implements Callable<Integer> {
        private static final int SHOWN = 20;

        @Parameters(index = "0", paramLabel = "DEVICE", description = "Block device or file.")
        private Path device = Path.of("");

        @Mixin
        private OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            final ChunkCheck.Report report = DeviceReactor.run(
                    device, false, (volume, reactor, result) -> ChunkCheck.run(volume, reactor, result::complete));
            output.one(JSON.valueToTree(report), device.toString(), text(report));
            return report.isClean() ? ExitCode.OK : ExitCode.FAILED;
        }

        private String text(ChunkCheck.Report report) {
            final StringBuilder text = new StringBuilder();
            report.findings().stream()
                    .limit(SHOWN)
                    .forEach(finding -> text.append(finding).append(System.lineSeparator()));
            if (report.findingCount() > SHOWN) {
                text.append(report.findingCount() - SHOWN).append(" more").append(System.lineSeparator());
            }
            text.append(device).append(report.isClean() ? ": clean, " : ": " + report.findingCount() + " wrong, ");
            text.append(Texts.count(report.shards(), "shard")).append(", ");
            if (report.tombstones() > 0) {
                text.append(Texts.count(report.tombstones(), "tombstone")).append(" among them, ");
            }
            text.append(Texts.count(report.blocks(), "block")).append(" compared, ");
            text.append(Texts.count(report.liveLogBlocks(), "log block")).append(" in force");
            return text.toString();
        }
    }

    /// `basalt chunk dump`.
    @Command(
            name = "dump",
            mixinStandardHelpOptions = true,
            description = "Print what is on a device: superblock, log and metadata, a line each. Changes nothing.")
    static final class Dump implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "DEVICE", description = "Block device or file.")
        private Path device = Path.of("");

        @Spec
        private @Nullable CommandSpec spec;

        @Override
        public Integer call() {
            final PrintWriter out = Objects.requireNonNull(spec, "the command line parser sets it")
                    .commandLine()
                    .getOut();
            DeviceReactor.<Boolean>run(
                    device,
                    false,
                    (volume, reactor, result) ->
                            ChunkDump.run(volume, reactor, out::println, () -> result.complete(Boolean.TRUE)));
            out.flush();
            return ExitCode.OK;
        }
    }
}
