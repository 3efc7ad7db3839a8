package io.basalt.endtoend.harness;

import java.nio.file.Path;

/// One vhost-user-blk disk of a guest, or a vhost-user-scsi host with its disks.
///
/// @param socket the socket between QEMU and the back end
/// @param qemuListens whether QEMU listens there (`server=on`) instead of connecting (and reconnecting)
/// @param queues request queues
/// @param queueSize entries of each
/// @param packed whether QEMU lets the driver use packed rings
/// @param scsi whether it is a SCSI host, to which QEMU does not connect again
public record GuestDisk(Path socket, boolean qemuListens, int queues, int queueSize, boolean packed, boolean scsi) {
    /// A disk with one split queue that QEMU connects to.
    public static GuestDisk at(Path socket) {
        return new GuestDisk(socket, false, 1, 128, false, false);
    }

    public GuestDisk withQueues(int count) {
        return new GuestDisk(socket, qemuListens, count, queueSize, packed, scsi);
    }

    public GuestDisk withPackedRings(boolean allowed) {
        return new GuestDisk(socket, qemuListens, queues, queueSize, allowed, scsi);
    }

    public GuestDisk withQemuListening(boolean listens) {
        return new GuestDisk(socket, listens, queues, queueSize, packed, scsi);
    }

    public GuestDisk asScsiHost() {
        return new GuestDisk(socket, qemuListens, queues, queueSize, packed, true);
    }

    String chardev(int index) {
        final String again = scsi ? "" : ",reconnect=1";
        return "socket,id=disk" + index + ",path=" + socket + (qemuListens ? ",server=on" : again);
    }

    String device(int index) {
        if (scsi) {
            return "vhost-user-scsi-pci,chardev=disk" + index + ",num_queues=" + queues + ",virtqueue_size=" + queueSize
                    + (packed ? ",packed=on" : "");
        }
        return "vhost-user-blk-pci,chardev=disk" + index + ",num-queues=" + queues + ",queue-size=" + queueSize
                + (packed ? ",packed=on" : "");
    }
}
