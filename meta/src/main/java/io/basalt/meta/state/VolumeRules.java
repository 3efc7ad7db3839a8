package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.Attach;
import io.basalt.meta.state.MetaCommand.CreateVolume;
import io.basalt.meta.state.MetaCommand.DeleteVolume;
import io.basalt.meta.state.MetaCommand.Detach;
import io.basalt.meta.state.MetaCommand.Fence;
import io.basalt.meta.state.MetaCommand.PatchVolume;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Commands about volumes and who serves them.
final class VolumeRules {
    private static final int SIZE_UNIT_BYTES = 4096;
    private static final int PERCENT = 100;

    private final Tables tables;

    VolumeRules(Tables tables) {
        this.tables = tables;
    }

    CommandResult apply(CreateVolume command) {
        Names.require("name", command.name());
        requireSize(command.sizeBytes());
        requireShape(command.shardBytes(), command.blockBytes());
        Names.require("class", command.volumeClass());
        final SetRecord set = requireSet(command.setName());
        if (tables.volumes.containsKey(command.name())) {
            throw new Refusal(
                    MetaCode.EXISTS,
                    "name",
                    "there is a volume '" + command.name() + "' already",
                    "choose another name");
        }
        if (tables.volumes.size() >= Limits.VOLUMES_MAX) {
            throw new Refusal(MetaCode.LIMIT, "volumes", "there are " + Limits.VOLUMES_MAX + " already", "");
        }
        if (!set.laidOut()) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "set",
                    "'" + set.name() + "' cannot place " + set.map().copies() + " copies yet: it has "
                            + set.map().devices().size() + " devices",
                    "start chunk servers on " + set.map().copies() + " hosts that join it");
        }
        final long length = roundUp(command.sizeBytes(), command.shardBytes());
        requireRoom(set, length);
        final VolumeRecord volume = new VolumeRecord(
                ++tables.lastVolumeId,
                command.name(),
                command.sizeBytes(),
                command.shardBytes(),
                command.blockBytes(),
                command.volumeClass(),
                command.createdMs(),
                0,
                0,
                0,
                List.of(new PartRecord(++tables.lastPartId, set.id(), 0, length)));
        tables.put(volume);
        tables.provision(volume, 1);
        return CommandResult.ok(volume.volumeId());
    }

    CommandResult apply(PatchVolume command) {
        final VolumeRecord before = require(command.name());
        final String name = command.newName().isEmpty() ? before.name() : command.newName();
        final String volumeClass = command.volumeClass().isEmpty() ? before.volumeClass() : command.volumeClass();
        final long size = command.sizeBytes() == 0 ? before.sizeBytes() : command.sizeBytes();
        Names.require("name", name);
        Names.require("class", volumeClass);
        requireSize(size);
        if (size < before.sizeBytes()) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "sizeBytes",
                    "is less than the volume has, " + before.sizeBytes(),
                    "a volume only grows: copy what is wanted to a smaller one");
        }
        if (!name.equals(before.name()) && tables.volumes.containsKey(name)) {
            throw new Refusal(
                    MetaCode.EXISTS, "name", "there is a volume '" + name + "' already", "choose another name");
        }
        final List<PartRecord> parts = grown(before, size);
        final VolumeRecord after = changed(before, name, size, volumeClass, parts);
        tables.provision(before, -1);
        tables.remove(before);
        tables.put(after);
        tables.provision(after, 1);
        tellGate(before, after);
        return CommandResult.ok(after.volumeId());
    }

    CommandResult apply(DeleteVolume command) {
        final VolumeRecord volume = require(command.name());
        if (volume.attached()) {
            throw new Refusal(
                    MetaCode.ATTACHED,
                    "volume",
                    "'" + volume.name() + "' is attached to " + nodeName(volume.gateNodeId()),
                    "detach it first");
        }
        tables.provision(volume, -1);
        tables.remove(volume);
        tables.events.add(new MetaEvent.GenerationRaised(volume.volumeId(), GenerationBatch.DELETED));
        return CommandResult.ok(volume.volumeId());
    }

    CommandResult apply(Attach command) {
        final AttachRequest request = command.request();
        final VolumeRecord volume = require(request.volumeName());
        final NodeRecord node = tables.nodes.get(request.nodeId());
        if (node == null || node.role() != NodeRole.GATE) {
            throw new Refusal(
                    MetaCode.NOT_REGISTERED, "node", request.nodeId() + " is not a gate", "register the gate first");
        }
        if (volume.attached() && volume.gateNodeId() != request.nodeId() && !request.takeOver()) {
            throw new Refusal(
                    MetaCode.ATTACHED,
                    "volume",
                    "'" + volume.name() + "' is attached to " + nodeName(volume.gateNodeId()),
                    "detach it there, or take it over by force");
        }
        final VolumeRecord after = raised(volume, request.nodeId(), request.gateInstance());
        return CommandResult.ok(after.generation());
    }

    /// What a repeated attachment leads to: the same, unless it was superseded or ended meanwhile.
    CommandResult repeated(Attach command, long generation) {
        final AttachRequest request = command.request();
        final VolumeRecord volume = require(request.volumeName());
        if (volume.generation() != generation || volume.gateInstance() != request.gateInstance()) {
            throw new Refusal(
                    MetaCode.FENCED,
                    "generation",
                    generation + " of '" + volume.name() + "' was superseded by " + volume.generation(),
                    "attach it anew");
        }
        return CommandResult.ok(generation);
    }

    CommandResult apply(Detach command) {
        final VolumeRecord volume = tables.volume(command.volumeId());
        if (volume != null && volume.attached() && volume.generation() == command.generation()) {
            tables.put(attachedTo(volume, volume.generation(), 0, 0));
        }
        return CommandResult.ok(command.generation());
    }

    CommandResult apply(Fence command) {
        final VolumeRecord volume = require(command.name());
        if (!volume.attached()) {
            return CommandResult.ok(volume.generation());
        }
        return CommandResult.ok(raised(volume, 0, 0).generation());
    }

    /// Gives a volume its next generation, and tells chunk servers and the gate that had it.
    private VolumeRecord raised(VolumeRecord volume, int nodeId, long instance) {
        if (volume.generation() == GenerationBatch.DELETED - 1) {
            throw new Refusal(
                    MetaCode.LIMIT, "generation", "has reached its largest value", "copy the volume to a new one");
        }
        final VolumeRecord after = attachedTo(volume, volume.generation() + 1, nodeId, instance);
        tables.put(after);
        tables.events.add(new MetaEvent.GenerationRaised(after.volumeId(), after.generation()));
        if (volume.gateInstance() != instance) {
            tellGate(volume, after);
        }
        return after;
    }

    private void tellGate(VolumeRecord before, VolumeRecord after) {
        if (before.attached()) {
            tables.events.add(new MetaEvent.VolumeChanged(before.gateNodeId(), before.gateInstance(), after));
        }
    }

    private VolumeRecord require(String name) {
        final VolumeRecord volume = tables.volumes.get(name);
        if (volume == null) {
            throw new Refusal(
                    MetaCode.NOT_FOUND,
                    "volume",
                    "there is no volume '" + name + "'" + suggestion(name),
                    "list the volumes");
        }
        return volume;
    }

    /// The neighbours in the order of names are where a slip at the end of a name leads.
    private String suggestion(String name) {
        final String lower = tables.volumes.floorKey(name);
        if (lower != null && !name.isEmpty() && lower.charAt(0) == name.charAt(0)) {
            return "; there is '" + lower + "'";
        }
        return "";
    }

    /// The set of a name; without a name the oldest set, which is the one that the cluster began with.
    private SetRecord requireSet(String name) {
        final SetRecord set;
        if (name.isEmpty()) {
            set = tables.sets.isEmpty() ? null : tables.sets.firstEntry().getValue();
        } else {
            set = tables.set(name);
        }
        if (set == null) {
            throw new Refusal(
                    MetaCode.NOT_FOUND, "set", "there is no set '" + name + "'", "list the sets and name one");
        }
        return set;
    }

    private void requireRoom(SetRecord set, long bytes) {
        if (set.overcommitPercent() == 0) {
            return;
        }
        final double capacity = capacityBytes(set);
        final double allowed = capacity * set.overcommitPercent() / PERCENT;
        if ((double) set.provisionedBytes() + bytes > allowed) {
            throw new Refusal(
                    MetaCode.NO_SPACE,
                    "sizeBytes",
                    "set '" + set.name() + "' may provision " + (long) allowed + " bytes ("
                            + set.overcommitPercent() + " % of its capacity), "
                            + set.provisionedBytes() + " are",
                    "add devices, delete volumes, or raise the set's overcommitPercent");
        }
    }

    private long capacityBytes(SetRecord set) {
        return Capacity.of(set, tables.devices).usableBytes();
    }

    private List<PartRecord> grown(VolumeRecord volume, long size) {
        final List<PartRecord> parts = new ArrayList<>(volume.parts());
        final PartRecord last = parts.getLast();
        final long length = roundUp(size, volume.shardBytes()) - last.offsetBytes();
        if (length > last.lengthBytes()) {
            final SetRecord set = tables.sets.get(last.setId());
            Objects.requireNonNull(set, "a set with volumes stays");
            requireRoom(set, length - last.lengthBytes());
            parts.set(parts.size() - 1, new PartRecord(last.partId(), last.setId(), last.offsetBytes(), length));
        }
        return parts;
    }

    private String nodeName(int nodeId) {
        final @Nullable NodeRecord node = tables.nodes.get(nodeId);
        return node == null ? "node " + nodeId : "gate '" + node.name() + "'";
    }

    private static VolumeRecord changed(
            VolumeRecord before, String name, long size, String volumeClass, List<PartRecord> parts) {
        return new VolumeRecord(
                before.volumeId(),
                name,
                size,
                before.shardBytes(),
                before.blockBytes(),
                volumeClass,
                before.createdMs(),
                before.generation(),
                before.gateNodeId(),
                before.gateInstance(),
                parts);
    }

    private static VolumeRecord attachedTo(VolumeRecord before, int generation, int nodeId, long instance) {
        return new VolumeRecord(
                before.volumeId(),
                before.name(),
                before.sizeBytes(),
                before.shardBytes(),
                before.blockBytes(),
                before.volumeClass(),
                before.createdMs(),
                generation,
                nodeId,
                instance,
                before.parts());
    }

    private static void requireSize(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > Limits.VOLUME_BYTES_MAX || sizeBytes % SIZE_UNIT_BYTES != 0) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "sizeBytes",
                    "is " + sizeBytes,
                    "give a multiple of " + SIZE_UNIT_BYTES + ", up to " + Limits.VOLUME_BYTES_MAX);
        }
    }

    private static void requireShape(int shardBytes, int blockBytes) {
        if (shardBytes < Limits.SHARD_BYTES_MIN
                || shardBytes > Limits.SHARD_BYTES_MAX
                || Integer.bitCount(shardBytes) != 1) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "shardBytes",
                    "is " + shardBytes,
                    "give a power of two, " + Limits.SHARD_BYTES_MIN + " to " + Limits.SHARD_BYTES_MAX);
        }
        if (blockBytes != 512 && blockBytes != 4096) {
            throw new Refusal(MetaCode.BAD_REQUEST, "blockBytes", "is " + blockBytes, "give 512 or 4096");
        }
    }

    private static long roundUp(long value, long unit) {
        return (value + unit - 1) / unit * unit;
    }
}
