package io.basalt.virtio.vhostuser;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that a suspended session knows, for another process to go on with
/// ([VhostUserSession#restore]).
///
/// Descriptors are numbers of the process at hand; -1 stands for none. In an image that a session
/// gives out they are the session's, valid until it goes on or is released; in one that a session is
/// restored from they become that session's.
///
/// @param features virtio features agreed on, with the protocol's own
/// @param protocolFeatures vhost-user protocol features agreed on
/// @param status device status, 0 to 255
/// @param configRead whether the front end has read the configuration space in this session
/// @param configPending whether the front end has yet to be told of a changed configuration
/// @param serving whether an enabled ring ran when the session last looked
/// @param backendFd socket for requests to the front end
/// @param regions guest memory, in the front end's order
/// @param inflight the inflight region, or null if the front end keeps none
/// @param log the dirty log, or null when not migrating
/// @param rings every ring of which something is known
public record SessionImage(
        long features,
        long protocolFeatures,
        int status,
        boolean configRead,
        boolean configPending,
        boolean serving,
        int backendFd,
        List<Region> regions,
        @Nullable Inflight inflight,
        @Nullable Log log,
        List<RingImage> rings) {
    public SessionImage {
        regions = List.copyOf(regions);
        rings = List.copyOf(rings);
    }

    /// Every descriptor that the image names.
    public List<Integer> descriptors() {
        final List<Integer> all = new ArrayList<>();
        all.add(backendFd);
        regions.forEach(region -> all.add(region.fd()));
        if (inflight != null) {
            all.add(inflight.fd());
        }
        if (log != null) {
            all.add(log.fd());
        }
        for (final RingImage ring : rings) {
            all.addAll(List.of(ring.kickFd(), ring.callFd(), ring.errorFd()));
        }
        all.removeIf(fd -> fd < 0);
        return all;
    }

    /// A region of guest memory and the file it lies in.
    public record Region(RegionDescription description, int fd) {}

    /// The inflight region: `queueCount` parts for queues of `queueSize` descriptors, from
    /// `mapOffset` on in the file.
    public record Inflight(long mapOffset, int queueCount, int queueSize, int fd) {}

    /// The dirty log: `size` bytes from `mapOffset` on in the file.
    public record Log(long size, long mapOffset, int fd) {}

    /// One ring.
    ///
    /// @param size descriptors, or 0 while unknown
    /// @param addressed whether the addresses are known
    /// @param descriptorAddress front end's user address, as are the next two
    /// @param usedLogAddress guest address of the used ring for the dirty log, or -1 not to log it
    /// @param base where the ring goes on, laid out as [io.basalt.virtio.queue.QueueSetup#base()]
    /// @param runs whether the ring was running, and is to run again
    public record RingImage(
            int index,
            int size,
            boolean addressed,
            long descriptorAddress,
            long driverAddress,
            long deviceAddress,
            long usedLogAddress,
            int base,
            boolean enabled,
            boolean runs,
            int kickFd,
            int callFd,
            int errorFd) {}
}
