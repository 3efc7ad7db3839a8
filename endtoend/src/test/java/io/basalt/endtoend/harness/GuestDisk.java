package io.basalt.endtoend.harness;

import java.nio.file.Path;

/// One vhost-user-blk disk of a guest.
///
/// @param socket the socket between QEMU and the back end
/// @param qemuListens whether QEMU listens there (`server=on`) instead of connecting (and reconnecting)
/// @param queues request queues
/// @param queueSize entries of each
/// @param packed whether QEMU lets the driver use packed rings
public record GuestDisk(Path socket, boolean qemuListens, int queues, int queueSize, boolean packed) {
    /// A disk with one split queue that QEMU connects to.
    public static GuestDisk at(Path socket) {
        return new GuestDisk(socket, false, 1, 128, false);
    }

    public GuestDisk withQueues(int count) {
        return new GuestDisk(socket, qemuListens, count, queueSize, packed);
    }

    public GuestDisk withPackedRings(boolean allowed) {
        return new GuestDisk(socket, qemuListens, queues, queueSize, allowed);
    }

    public GuestDisk withQemuListening(boolean listens) {
        return new GuestDisk(socket, listens, queues, queueSize, packed);
    }

    String chardev(int index) {
        return "socket,id=disk" + index + ",path=" + socket + (qemuListens ? ",server=on" : ",reconnect=1");
    }

    String device(int index) {
        return "vhost-user-blk-pci,chardev=disk" + index + ",num-queues=" + queues + ",queue-size=" + queueSize
                + (packed ? ",packed=on" : "");
    }
}
