package io.basalt.endtoend.chaos;

import io.basalt.cli.ByteSize;
import io.basalt.cli.Seconds;
import io.basalt.cli.output.Style;
import io.basalt.endtoend.chaos.load.LoadShape;
import io.basalt.endtoend.chaos.proxy.WireFault;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `basalt chaos`: real processes under load, killed and cut off by a plan, and whether the guest could tell.
@Command(
        name = "basalt chaos",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Start a cluster of real processes, load a volume of it through its vhost-user socket, and do to the"
                    + " processes and their connections what a seeded plan says.",
            "Every write is stamped, every answer written down. In the end everything is read back, all copies are"
                    + " compared, and for each block there must be an order of its writes and reads that a disk could"
                    + " have taken.",
        },
        footer = {
            "",
            "  basalt chaos --kills 5 --power-cuts 2",
            "  basalt chaos --kills 50 --rw 50 --json",
            "  basalt chaos --proxy 10 --wire flip,drop --seed 42 --keep",
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:linearizable, nothing lost, all copies the same, and no stall above the limit",
            "1:something of that is not so",
            "2:wrong usage",
        })
public final class ChaosCommand implements Callable<Integer> {
    @Option(names = "--kills", paramLabel = "N", description = "Chunk servers killed by kill -9, and started again.")
    private int kills;

    @Option(names = "--stops", paramLabel = "N", description = "Chunk servers that stand still (SIGSTOP) for a while.")
    private int stops;

    @Option(names = "--meta-kills", paramLabel = "N", description = "Times the metaserver is killed.")
    private int metaKills;

    @Option(
            names = "--meta-absent",
            paramLabel = "TIME",
            defaultValue = "3s",
            description = "How long it stays away (default: ${DEFAULT-VALUE}).")
    private Seconds metaAbsent = new Seconds(0);

    @Option(names = "--power-cuts", paramLabel = "N", description = "Times all processes are killed at once.")
    private int powerCuts;

    @Option(names = "--absences", paramLabel = "N", description = "Chunk servers that stay away for long.")
    private int absences;

    @Option(
            names = "--absent",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "How long they do (default: ${DEFAULT-VALUE}).")
    private Seconds absent = new Seconds(0);

    @Option(
            names = "--proxy",
            paramLabel = "N",
            description = "Faults of connections: everything goes through proxies that hold back, lose, delay, double"
                    + " or flip what passes.")
    private int wires;

    @Option(
            names = "--wire",
            split = ",",
            paramLabel = "FAULT",
            description = "Only these faults of connections: ${COMPLETION-CANDIDATES}.")
    private List<WireFault> wireFaults = List.of();

    @Option(names = "--disk-full", description = "Once, another volume takes all the space there is.")
    private boolean diskFull;

    @Option(
            names = "--flips",
            paramLabel = "N",
            description = "Once, this many bits of data and metadata of a killed chunk server's device are flipped; and"
                    + " once a fifth as many of its log, after which it is formatted with --again.")
    private int flips;

    @Option(
            names = "--chunk-servers",
            paramLabel = "N",
            defaultValue = "3",
            description = "How many there are (default: ${DEFAULT-VALUE}).")
    private int chunkServers;

    @Option(
            names = "--durability",
            paramLabel = "CLASS",
            defaultValue = "plp",
            description = "What makes a write durable: plp or fua (default: ${DEFAULT-VALUE}).")
    private String durability = "";

    @Option(
            names = "--iodepth",
            paramLabel = "N",
            defaultValue = "16",
            description = "Requests in flight (default: ${DEFAULT-VALUE}).")
    private int depth;

    @Option(
            names = "--rw",
            paramLabel = "PERCENT",
            defaultValue = "50",
            description = "How many of a hundred requests read (default: ${DEFAULT-VALUE}).")
    private int readPercent;

    @Option(
            names = "--discards",
            paramLabel = "PERCENT",
            defaultValue = "3",
            description = "How many of a hundred others discard (default: ${DEFAULT-VALUE}).")
    private int discardPercent;

    @Option(
            names = "--bs",
            paramLabel = "SIZE",
            defaultValue = "4k",
            description = "Bytes of a request: 512 or 4k (default: ${DEFAULT-VALUE}).")
    private ByteSize blockSize = new ByteSize(0);

    @Option(
            names = "--region",
            paramLabel = "SIZE",
            defaultValue = "128M",
            description = "Size of the volume, all of which is loaded (default: ${DEFAULT-VALUE}).")
    private ByteSize region = new ByteSize(0);

    @Option(
            names = "--time",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long to load it at least (default: ${DEFAULT-VALUE}).")
    private Seconds time = new Seconds(0);

    @Option(names = "--seed", paramLabel = "N", description = "Seed of plan and load (default: drawn, and printed).")
    private @Nullable Long seed;

    @Option(
            names = "--stall-limit",
            paramLabel = "TIME",
            description = "Fail if a request takes longer (default: no limit).")
    private @Nullable Seconds stallLimit;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder of devices, logs and history; must be new (default: a temporary one).")
    private @Nullable Path data;

    @Option(names = "--keep", description = "Keep the folder; it is kept anyhow if something is wrong.")
    private boolean keep;

    @Option(names = "--json", description = "Print the result as JSON, and how it goes on to the other stream.")
    private boolean json;

    @Spec
    private @Nullable CommandSpec spec;

    /// Run the command and end the process with its exit code.
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /// The parser, for this process or a test.
    public static CommandLine commandLine() {
        return new CommandLine(new ChaosCommand())
                .registerConverter(ByteSize.class, text -> converted(() -> ByteSize.parse(text)))
                .registerConverter(Seconds.class, text -> converted(() -> Seconds.parse(text)))
                .registerConverter(WireFault.class, ChaosCommand::wire)
                .setExecutionExceptionHandler((failure, command, _) -> {
                    command.getErr().println("basalt chaos: " + failure.getMessage());
                    return failure instanceof IllegalArgumentException ? 2 : 1;
                });
    }

    private static <T> T converted(Supplier<T> parser) {
        try {
            return parser.get();
        } catch (IllegalArgumentException refused) {
            throw new CommandLine.TypeConversionException(String.valueOf(refused.getMessage()));
        }
    }

    /// `half-open` for [WireFault#HALF_OPEN].
    private static WireFault wire(String text) {
        return converted(() -> WireFault.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_')));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final CommandLine command =
                Objects.requireNonNull(spec, "the command line parser sets it").commandLine();
        final PrintWriter told = json ? command.getErr() : command.getOut();
        final Style style = Style.of(System.getenv(), false);
        final long drawn = seed == null ? new SecureRandom().nextLong() >>> 16 : seed;
        final ClusterShape cluster = new ClusterShape(chunkServers, 1L << 30, durability, wires > 0, drawn);
        final LoadShape shape = new LoadShape(
                depth,
                readPercent,
                discardPercent,
                Math.toIntExact(Math.min(blockSize.bytes(), Integer.MAX_VALUE)),
                region.bytes(),
                drawn);
        final FaultPlan plan = FaultPlan.draw(drawn, wish(), ChaosCluster.names(cluster));
        told.println(style.bold("Seed " + drawn) + ": a metaserver, " + chunkServers + " chunk servers (" + durability
                + ") and a gate, each a process; " + depth + " requests of " + blockSize + " in flight, " + readPercent
                + " % reads");
        told.print(plan.text(style));
        told.flush();
        final Path folder = folder();
        final ChaosResult result = new ChaosRun(
                        folder, cluster, shape, plan, time.ns(), stallLimit == null ? 0 : stallLimit.ns(), line -> {
                            told.println(line);
                            told.flush();
                        })
                .run();
        command.getOut()
                .print(json ? ChaosReport.json(result).toPrettyString() + "\n" : ChaosReport.text(result, style));
        command.getOut().flush();
        if (result.isGood() && !keep) {
            remove(folder);
        } else {
            told.println("Devices, logs and history are in " + folder + ".");
        }
        return result.isGood() ? 0 : 1;
    }

    private FaultPlan.Wish wish() {
        final Map<FaultKind, Integer> counts = new EnumMap<>(FaultKind.class);
        counts.put(FaultKind.KILL, kills);
        counts.put(FaultKind.STOP, stops);
        counts.put(FaultKind.META_KILL, metaKills);
        counts.put(FaultKind.POWER_CUT, powerCuts);
        counts.put(FaultKind.ABSENCE, absences);
        counts.put(FaultKind.WIRE, wires);
        counts.put(FaultKind.DISK_FULL, diskFull ? 1 : 0);
        counts.put(FaultKind.BIT_FLIPS, flips > 0 ? 1 : 0);
        counts.put(FaultKind.LOG_FLIPS, flips > 0 ? 1 : 0);
        return new FaultPlan.Wish(counts, wireFaults, metaAbsent.ns(), absent.ns(), flips);
    }

    private Path folder() throws IOException {
        final Path named = data;
        // Short, because paths of Unix sockets are.
        return named == null
                ? Files.createTempDirectory("basalt-chaos")
                : Files.createDirectories(named.toAbsolutePath());
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (final Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
