package io.basalt.cli.serve;

import io.basalt.chunk.ChunkSettings;
import io.basalt.chunk.schedule.ScheduleSettings;
import io.basalt.chunk.schedule.Share;
import io.basalt.chunk.server.ChunkOptions;
import io.basalt.chunk.server.ChunkServer;
import io.basalt.chunk.server.DeviceOptions;
import io.basalt.chunk.server.Upkeep;
import io.basalt.cli.ByteSize;
import io.basalt.cli.Seconds;
import io.basalt.cli.config.Configuration;
import io.basalt.net.NodeAddress;
import io.basalt.reactor.IdleMode;
import io.basalt.store.chunk.Durability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// A chunk server, by the settings.
public final class ChunkDaemon implements Daemon {
    private static final Path DEVICES = Path.of("/dev");
    private static final Path MEMORY_FILES = Path.of("/dev/shm");
    private static final String ONLY_FILE = "disk.img";
    private static final String ROTATING = "hdd";
    private static final String VERSION = "0.1.0";

    private final String name;
    private final ChunkServer server;

    private ChunkDaemon(String name, ChunkServer server) {
        this.name = name;
        this.server = server;
    }

    /// Start it; returns when its devices are open and listened for.
    ///
    /// @param name which: the settings are those of `[chunk.NAME]`
    public static ChunkDaemon start(Configuration settings, String name) {
        final String table = table(name);
        final Path data = data(settings, name);
        final String host = settings.text(table + "host", Addresses.hostName());
        final ChunkOptions options = new ChunkOptions(
                data,
                ClusterKeys.read(settings),
                "chunk-" + name + (settings.text(table + "host").isEmpty() ? "-" + host : ""),
                Addresses.parseAll("metaservers", settings.texts("metaservers")),
                settings.text(table + "room"),
                settings.text(table + "rack"),
                host,
                settings.text(table + "set"),
                devices(settings, name),
                settings.texts(table + "cpus").stream().map(Integer::valueOf).toList(),
                IdleMode.valueOf(settings.text(table + "idle").toUpperCase(Locale.ROOT)),
                ChunkSettings.DEFAULT.withSchedule(schedule(settings, table)),
                VERSION,
                new Upkeep(
                        ByteSize.parse(settings.text(table + "scrub")).bytes(),
                        Addresses.parseUnlessNone(table + "metrics", settings.text(table + "metrics"))));
        return new ChunkDaemon(name, ChunkServer.start(options));
    }

    private static ScheduleSettings schedule(Configuration settings, String table) {
        ScheduleSettings schedule =
                settings.text(table + "class").equals(ROTATING) ? ScheduleSettings.HDD : ScheduleSettings.SSD;
        final String depth = settings.text(table + "queue_depth");
        if (!depth.isEmpty()) {
            schedule = schedule.withDepth(Integer.parseInt(depth));
        }
        final String latency = settings.text(table + "queue_latency");
        if (!latency.isEmpty()) {
            schedule = schedule.withLatencyNs(Seconds.parse(latency).ns());
        }
        final Map<Long, Share> shares = new HashMap<>();
        for (final String text : settings.texts(table + "shares")) {
            final String[] fields = text.split(":", -1);
            shares.put(
                    Long.valueOf(fields[0]),
                    new Share(Long.parseLong(fields[1]), Integer.parseInt(fields[2]), Long.parseLong(fields[3])));
        }
        return schedule.withShares(shares);
    }

    private static String table(String name) {
        return "chunk." + name + ".";
    }

    /// The folder of a chunk server's own state.
    public static Path data(Configuration settings, String name) {
        return settings.path(table(name) + "data", "chunk-" + name);
    }

    /// The files and block devices of a chunk server, in order.
    public static List<Path> paths(Configuration settings, String name) {
        final List<String> named = settings.texts(table(name) + "devices");
        return named.isEmpty()
                ? List.of(data(settings, name).resolve(ONLY_FILE))
                : named.stream().map(each -> Path.of(each).toAbsolutePath()).toList();
    }

    private static List<DeviceOptions> devices(Configuration settings, String name) {
        final String table = table(name);
        final NodeAddress first = Addresses.parse(table + "listen", settings.text(table + "listen"));
        final String forwarded = settings.text(table + "advertise");
        final List<DeviceOptions> devices = new ArrayList<>();
        for (final Path path : paths(settings, name)) {
            final int index = devices.size();
            devices.add(new DeviceOptions(
                    path,
                    path.startsWith(DEVICES) && !path.startsWith(MEMORY_FILES)
                            ? 0
                            : ByteSize.parse(settings.text(table + "device_size"))
                                    .bytes(),
                    settings.text(table + "class"),
                    next(first, index),
                    Durability.valueOf(settings.text(table + "durability").toUpperCase(Locale.ROOT)),
                    true,
                    forwarded.isEmpty() ? null : next(Addresses.parse(table + "advertise", forwarded), index)));
        }
        return devices;
    }

    /// Each device has the next port; 0 lets the system choose for all of them.
    private static NodeAddress next(NodeAddress first, int index) {
        return new NodeAddress(first.host(), first.port() == 0 ? 0 : first.port() + index);
    }

    /// The server itself.
    public ChunkServer server() {
        return server;
    }

    @Override
    public String ready() {
        return "chunk server " + name + " ready: "
                + server.addresses().stream().map(NodeAddress::toString).collect(Collectors.joining(", "));
    }

    @Override
    public void close() {
        server.close();
    }
}
