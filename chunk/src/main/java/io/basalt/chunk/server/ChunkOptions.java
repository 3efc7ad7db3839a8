package io.basalt.chunk.server;

import io.basalt.chunk.ChunkSettings;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.util.List;

/// What a [ChunkServer] is started with.
///
/// @param data folder of its own, made if there is none: who the node and its devices are
/// @param key that the processes of the cluster prove themselves with
/// @param name of the node, for people; unique among nodes
/// @param metaservers where the metaserver's replicas answer nodes
/// @param room failure domain above the rack
/// @param rack failure domain above the host
/// @param host failure domain of the devices: the machine
/// @param setName the set that new devices join
/// @param devices at least one; each has a reactor of its own
/// @param cpus processors that the devices' reactors are kept on, in order; empty for any
/// @param idleMode what the devices' reactors do when they find no work
/// @param settings bounds and times of replication
/// @param software version, for people
/// @param upkeep what is done besides serving
public record ChunkOptions(
        Path data,
        ClusterKey key,
        String name,
        List<NodeAddress> metaservers,
        String room,
        String rack,
        String host,
        String setName,
        List<DeviceOptions> devices,
        List<Integer> cpus,
        IdleMode idleMode,
        ChunkSettings settings,
        String software,
        Upkeep upkeep) {
    public ChunkOptions {
        metaservers = List.copyOf(metaservers);
        devices = List.copyOf(devices);
        cpus = List.copyOf(cpus);
        if (devices.isEmpty()) {
            throw new IllegalArgumentException("chunk server " + name + ": no devices, expected at least one");
        }
        if (!cpus.isEmpty() && cpus.size() < devices.size()) {
            throw new IllegalArgumentException("chunk server " + name + ": " + cpus.size() + " processors for "
                    + devices.size() + " devices; give one for each, or none");
        }
    }

    /// A node in a rack and room of their own names, with the usual settings.
    public static ChunkOptions of(
            Path data, ClusterKey key, String name, List<NodeAddress> metaservers, List<DeviceOptions> devices) {
        return new ChunkOptions(
                data,
                key,
                name,
                metaservers,
                "room",
                "rack",
                name,
                "default",
                devices,
                List.of(),
                IdleMode.ADAPTIVE,
                ChunkSettings.DEFAULT,
                "0.1.0",
                Upkeep.DEFAULT);
    }

    /// The same with another upkeep.
    public ChunkOptions withUpkeep(Upkeep newUpkeep) {
        return new ChunkOptions(
                data,
                key,
                name,
                metaservers,
                room,
                rack,
                host,
                setName,
                devices,
                cpus,
                idleMode,
                settings,
                software,
                newUpkeep);
    }

    /// The same in another place.
    public ChunkOptions withPlace(String newRoom, String newRack, String newHost, String newSetName) {
        return new ChunkOptions(
                data,
                key,
                name,
                metaservers,
                newRoom,
                newRack,
                newHost,
                newSetName,
                devices,
                cpus,
                idleMode,
                settings,
                software,
                upkeep);
    }

    /// The same with reactors that idle and are placed otherwise.
    public ChunkOptions withReactors(IdleMode newMode, List<Integer> newCpus) {
        return new ChunkOptions(
                data,
                key,
                name,
                metaservers,
                room,
                rack,
                host,
                setName,
                devices,
                newCpus,
                newMode,
                settings,
                software,
                upkeep);
    }

    /// The same with other bounds and times.
    public ChunkOptions withSettings(ChunkSettings newSettings) {
        return new ChunkOptions(
                data,
                key,
                name,
                metaservers,
                room,
                rack,
                host,
                setName,
                devices,
                cpus,
                idleMode,
                newSettings,
                software,
                upkeep);
    }
}
