package io.basalt.cli.check;

import io.basalt.cli.ByteSize;
import io.basalt.cli.check.CopyPlan.Place;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a check has found.
///
/// @param plan which copies there should be
/// @param devices what was looked at
/// @param differences what is wrong; a bounded number of them
/// @param differenceCount how much is wrong
/// @param shards shards that any device has
/// @param identicalBlocks blocks that are the same in two copies or more
/// @param bytes content read, all copies
/// @param shardsByCopies how many shards have how many copies here
/// @param unseen devices that should have copies and were not looked at
/// @param tombstones shards of which only the versions are left
/// @param orphans shards of volumes that are deleted
/// @param behind copies that are known to be out of date
/// @param strays copies where the placement wants none any more
record CheckReport(
        CopyPlan plan,
        List<OfDevice> devices,
        List<Difference> differences,
        long differenceCount,
        long shards,
        long identicalBlocks,
        long bytes,
        Map<Integer, Long> shardsByCopies,
        List<Integer> unseen,
        long tombstones,
        long orphans,
        long behind,
        long strays) {
    private static final int SHOWN = 20;
    private static final JsonMapper JSON = new JsonMapper();

    /// What was found on one device.
    ///
    /// @param wrong what is wrong with it by itself
    /// @param place null if nobody knows
    record OfDevice(
            String path, String uuid, @Nullable Place place, int shards, long blocks, long wrong, boolean failed) {
        static OfDevice of(CheckedDevice device) {
            return new OfDevice(
                    device.path().toString(),
                    Objects.toString(device.uuid(), ""),
                    device.place(),
                    device.shardCount(),
                    device.blocks(),
                    device.wrong(),
                    device.failed());
        }
    }

    CheckReport {
        devices = List.copyOf(devices);
        differences = List.copyOf(differences);
        shardsByCopies = new TreeMap<>(shardsByCopies);
        unseen = List.copyOf(unseen);
    }

    boolean isClean() {
        return differenceCount == 0;
    }

    /// For programs.
    ObjectNode json() {
        final ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("clean", isClean());
        json.putObject("placement").put("known", plan.isKnown()).put("source", plan.source());
        final ArrayNode all = json.putArray("devices");
        for (final OfDevice device : devices) {
            final ObjectNode each = all.addObject().put("path", device.path).put("uuid", device.uuid);
            final Place place = device.place;
            if (place != null) {
                each.put("id", place.deviceId()).put("node", place.node());
                each.put("host", place.location().toString());
            }
            each.put("shards", device.shards).put("blocks", device.blocks).put("wrong", device.wrong);
            each.put("readable", !device.failed);
        }
        json.put("shards", shards).put("identicalBlocks", identicalBlocks).put("bytesRead", bytes);
        final ObjectNode copies = json.putObject("shardsByCopies");
        shardsByCopies.forEach((count, number) -> copies.put(count.toString(), number));
        json.set("unseenDevices", JSON.valueToTree(unseen));
        json.put("tombstones", tombstones).put("shardsOfDeletedVolumes", orphans);
        json.put("copiesBehind", behind).put("copiesMisplaced", strays);
        json.put("differenceCount", differenceCount);
        final ArrayNode found = json.putArray("differences");
        for (final Difference difference : differences) {
            final ObjectNode each = found.addObject();
            each.put("kind", difference.kind().name()).put("what", difference.what());
            each.set("devices", JSON.valueToTree(difference.devices()));
            if (difference.partId() != 0) {
                each.put("volume", difference.volume()).put("part", difference.partId());
                each.put("shard", difference.shard()).put("offsetBytes", difference.offsetBytes());
                each.put("block", difference.block()).put("blocks", difference.blocks());
            }
        }
        return json;
    }

    /// For people, without the last line break.
    String text(Style style) {
        final StringBuilder text = new StringBuilder(table(style)).append(System.lineSeparator());
        if (!isClean()) {
            text.append(style.bad(Texts.count(differenceCount, "difference"))).append(System.lineSeparator());
            differences.stream().limit(SHOWN).forEach(each -> {
                final String where = each.where();
                text.append("  ").append(where.isEmpty() ? "" : where + ": ").append(each.what());
                text.append(System.lineSeparator());
            });
            if (differenceCount > SHOWN) {
                text.append("  ").append(differenceCount - SHOWN).append(" more; -o json lists the first 1000");
                text.append(System.lineSeparator());
            }
            text.append(System.lineSeparator());
        }
        return text.append(summary(style)).toString();
    }

    private String table(Style style) {
        final Table table = Table.of(">ID", "HOST", "DEVICE", ">SHARDS", ">CONTENT", "ITSELF");
        for (final OfDevice device : devices) {
            final Place place = device.place;
            table.row(
                    place == null ? "-" : Integer.toString(place.deviceId()),
                    place == null ? "-" : place.location().host(),
                    device.path,
                    Integer.toString(device.shards),
                    ByteSize.text(device.blocks * 4096),
                    device.failed
                            ? style.bad("cannot be read")
                            : device.wrong == 0 ? style.good("clean") : style.bad(device.wrong + " wrong"));
        }
        return table.text(style);
    }

    private String summary(Style style) {
        final Fields fields = new Fields();
        fields.put("placement", plan.isKnown() ? "by " + plan.source() : "not known: " + plan.source());
        if (plan.isKnown()) {
            final long groups = plan.cells().stream()
                    .mapToLong(cell -> cell.groups().size())
                    .sum();
            fields.put(
                    "",
                    Texts.count(groups, "placement group") + ", "
                            + (plan.crowded().isEmpty()
                                    ? "no two copies on one host"
                                    : style.bad("some share a host")));
        } else {
            fields.put("", "copies were compared as they are there; missing ones cannot be told without --copies");
        }
        final boolean anyTwice = shardsByCopies.keySet().stream().anyMatch(copies -> copies > 1);
        fields.put(
                "compared",
                Texts.count(shards, "shard") + ", "
                        + (anyTwice
                                ? ByteSize.text(identicalBlocks * 4096) + " of content that is the same in every copy"
                                : "each by its checksums only: none has two copies here"));
        fields.put("copies", copies());
        for (final String note : notes()) {
            fields.put("note", note);
        }
        fields.put("result", result(anyTwice, style));
        return fields.text(style);
    }

    private String result(boolean anyTwice, Style style) {
        if (!isClean()) {
            return style.bad("copies differ");
        }
        return anyTwice ? style.good("all copies are the same") : style.warn("nothing is wrong, nothing was compared");
    }

    private String copies() {
        final List<String> each = new ArrayList<>();
        shardsByCopies.forEach((count, number) ->
                each.add(Texts.count(number, "shard") + " with " + count + (count == 1 ? " copy" : " copies")));
        return each.isEmpty() ? "nothing is stored" : String.join(", ", each);
    }

    private List<String> notes() {
        final List<String> notes = new ArrayList<>();
        if (!unseen.isEmpty()) {
            notes.add("copies on " + (unseen.size() == 1 ? "device " : "devices ")
                    + String.join(", ", unseen.stream().map(String::valueOf).toList())
                    + " were not looked at: name those, too");
        }
        if (behind > 0) {
            notes.add(behind + " copies are known to be out of date, and were not compared");
        }
        if (strays > 0) {
            notes.add(strays + " copies are where the placement wants none any more, and were not compared");
        }
        if (orphans > 0) {
            notes.add(Texts.count(orphans, "shard") + " of deleted volumes: checksums only");
        }
        if (tombstones > 0) {
            notes.add(Texts.count(tombstones, "shard") + " without content, of which only the versions are kept");
        }
        if (plan.isKnown() && devices.stream().anyMatch(device -> device.place == null)) {
            notes.add("the metaserver does not know every one of these devices; see the ids");
        }
        return notes;
    }
}
