package io.basalt.cli.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All settings there are.
final class Settings {
    /// Table of each chunk server.
    static final String CHUNK = "chunk.*";

    static final List<Setting> ALL = List.of(
            new Setting("", "data", Kind.PATH, "/var/lib/basalt", "Folder that all state lies under"),
            new Setting("", "cluster_key_file", Kind.PATH, "", "Secret of the cluster (default: DATA/cluster.key)"),
            new Setting(
                    "",
                    "log_level",
                    Kind.word("error", "warning", "notice", "info", "debug"),
                    "notice",
                    "How much is logged"),
            new Setting("", "metaservers", Kind.ADDRESSES, "127.0.0.1:7701", "Where nodes find the metaserver"),
            new Setting("meta", "listen", Kind.ADDRESS, "127.0.0.1:7700", "REST API"),
            new Setting("meta", "nodes_listen", Kind.ADDRESS, "127.0.0.1:7701", "Gates and chunk servers"),
            new Setting("meta", "data", Kind.PATH, "", "Folder of the log (default: DATA/meta)"),
            new Setting("meta", "copies", Kind.number(1, 8), "3", "Copies in the first set"),
            new Setting("meta", "min_copies", Kind.number(1, 8), "2", "Fewest copies a write is answered with"),
            new Setting(
                    "meta",
                    "failure_domain",
                    Kind.word("room", "rack", "host", "device"),
                    "host",
                    "No two copies share one"),
            new Setting("meta", "pg_count", Kind.number(1, 65536), "256", "Placement groups of the first set"),
            new Setting(
                    "meta",
                    "timeout",
                    Kind.time("300ms", "1m"),
                    "600ms",
                    "How long a node may be silent before it counts as down"),
            new Setting(
                    "meta",
                    "suspect",
                    Kind.time("1ms", "1m"),
                    "30ms",
                    "How long a node may have no connection, once its process has ended it"),
            new Setting(
                    "meta",
                    "out_after",
                    Kind.time("1s", "9999h"),
                    "10m",
                    "How long a device may be away before its copies are made anew elsewhere"),
            new Setting("meta", "id", Kind.number(1, 65535), "", "Number of this replica in a quorum of metaservers"),
            new Setting(
                    "meta", "quorum", Kind.MEMBERS, "", "Replicas that begin the log: ID@HOST:PORT (default: alone)"),
            new Setting(
                    "meta", "join", Kind.word("true", "false"), "false", "Wait for `basalt meta add`, begin nothing"),
            new Setting(CHUNK, "listen", Kind.ADDRESS, "127.0.0.1:7710", "First port; each device takes one"),
            new Setting(
                    CHUNK,
                    "advertise",
                    Kind.ADDRESS,
                    "",
                    "First port that others are told, where something forwards to those listened on"),
            new Setting(
                    CHUNK, "scrub", Kind.SIZE, "1775k", "Bytes a second that are read to compare checksums; 0: none"),
            new Setting(
                    CHUNK,
                    "queue_depth",
                    Kind.number(1, 1 << 16),
                    "",
                    "Requests at a device at once, before others wait for their turn (default: found)"),
            new Setting(
                    CHUNK,
                    "queue_latency",
                    Kind.time("1ms", "60s"),
                    "",
                    "Mean time of a request at a device that it is to have at most (default: by class)"),
            new Setting(
                    CHUNK,
                    "shares",
                    Kind.SHARES,
                    "",
                    "What volumes get in any case, VOLUME:RESERVATION:WEIGHT:LIMIT, in I/Os a second; 0: as usual"),
            new Setting(
                    CHUNK,
                    "metrics",
                    Kind.ADDRESS_OR_NONE,
                    "127.0.0.1:7730",
                    "Where Prometheus reads metrics: the first free port from there"),
            new Setting(CHUNK, "data", Kind.PATH, "", "Folder of its state (default: DATA/chunk-NAME)"),
            new Setting(CHUNK, "devices", Kind.PATHS, "", "Files or block devices (default: one file)"),
            new Setting(CHUNK, "device_size", Kind.SIZE, "10G", "Size of files that are made"),
            new Setting(
                    CHUNK, "durability", Kind.word("plp", "fua"), "fua", "What makes a write durable on its drives"),
            new Setting(CHUNK, "cpus", Kind.numbers(0, 4095), "", "Processors to pin its reactors to, one per device"),
            new Setting(CHUNK, "idle", Kind.word("adaptive", "poll", "interrupt"), "adaptive", "How its reactors idle"),
            new Setting(CHUNK, "set", Kind.TEXT, "default", "Set that its devices join"),
            new Setting(CHUNK, "class", Kind.TEXT, "ssd", "Class of its devices, for people"),
            new Setting(CHUNK, "room", Kind.TEXT, "room1", "Where it stands"),
            new Setting(CHUNK, "rack", Kind.TEXT, "rack1", "Where it stands"),
            new Setting(CHUNK, "host", Kind.TEXT, "", "Where it stands (default: the host's name)"),
            new Setting("gate", "data", Kind.PATH, "", "Folder of its state (default: DATA/gate)"),
            new Setting("gate", "name", Kind.TEXT, "", "Name of the node (default: gate-HOST)"),
            new Setting("gate", "room", Kind.TEXT, "room1", "Where it stands"),
            new Setting("gate", "rack", Kind.TEXT, "rack1", "Where it stands"),
            new Setting("gate", "host", Kind.TEXT, "", "Where it stands (default: the host's name)"),
            new Setting("gate", "rpc_socket", Kind.PATH, "", "Management socket (default: gate data/rpc.sock)"),
            new Setting("gate", "socket_dir", Kind.PATH, "", "Controllers' sockets (default: gate data/vhost)"),
            new Setting("gate", "reactors", Kind.number(1, 64), "", "Data reactors (default: processors less one)"),
            new Setting("gate", "cpus", Kind.numbers(0, 4095), "", "Processors to pin them to"),
            new Setting("gate", "idle", Kind.word("adaptive", "poll", "interrupt"), "adaptive", "How reactors idle"),
            new Setting("gate", "metrics", Kind.ADDRESS_OR_NONE, "127.0.0.1:7720", "Where Prometheus reads metrics"),
            new Setting(
                    "gate",
                    "standby",
                    Kind.word("true", "false"),
                    "false",
                    "Stand by if another process is the gate; needs `basalt gate holder`"),
            new Setting("gate", "guest_memory_max", Kind.SIZE, "", "Largest guest's memory (default: this machine's)"),
            new Setting(
                    "upgrade",
                    "restart_chunk",
                    Kind.TEXT,
                    "",
                    "Command that restarts chunk server {name} of {host}, for `basalt upgrade`"),
            new Setting("upgrade", "restart_meta", Kind.TEXT, "", "Likewise metaserver {name} of {host}"),
            new Setting(
                    "client", "url", Kind.URLS, "", "REST APIs for commands, tried in turn (default: that of [meta])"),
            new Setting("client", "token_file", Kind.PATH, "", "Their token (default: meta data/token)"));

    private Settings() {}

    /// The setting of a path, or null.
    static @Nullable Setting of(String path) {
        final String pattern = pattern(path);
        for (final Setting setting : ALL) {
            if (setting.pattern().equals(pattern)) {
                return setting;
            }
        }
        return null;
    }

    /// `chunk.*.listen` for `chunk.a.listen`.
    static String pattern(String path) {
        return path.replaceFirst("^chunk\\.[^.]+\\.", "chunk.*.");
    }

    /// Everything that may stand where a path stands, for guesses.
    static List<String> siblings(String path) {
        final List<String> known = new ArrayList<>();
        final int dot = path.lastIndexOf('.');
        final String table = dot < 0 ? "" : path.substring(0, dot);
        for (final Setting setting : ALL) {
            if (setting.table().equals(pattern(table + ".").replaceAll("\\.$", ""))) {
                known.add(table.isEmpty() ? setting.key() : table + "." + setting.key());
            } else if (table.isEmpty()) {
                known.add(setting.table().replace(".*", ""));
            }
        }
        return known;
    }
}
