package io.basalt.gate.rpc;

import java.nio.file.Path;

/// What a controller is asked to be: equal specs are the same request.
///
/// @param name SPDK's `ctrlr`, unique in the gate
/// @param volume name of the volume it serves (never an alias); empty for a SCSI one, which has targets
/// @param socket absolute path of its Unix socket
/// @param mode who listens on the socket
/// @param readOnly whether the guest may not write, even if the volume could
/// @param packedRing whether the packed ring is offered
/// @param cpumask processors that its reactors are to be chosen from, as `0x` hexadecimal; empty for all
/// @param queueCount queues offered, 1 to 256; 0 leaves it to the gate
/// @param kind what it shows
public record ControllerSpec(
        String name,
        String volume,
        Path socket,
        Mode mode,
        boolean readOnly,
        boolean packedRing,
        String cpumask,
        int queueCount,
        Kind kind) {
    /// A virtio-blk one.
    public ControllerSpec(
            String name,
            String volume,
            Path socket,
            Mode mode,
            boolean readOnly,
            boolean packedRing,
            String cpumask,
            int queueCount) {
        this(name, volume, socket, mode, readOnly, packedRing, cpumask, queueCount, Kind.BLK);
    }

    /// What a controller shows to its guest.
    public enum Kind {
        /// One volume as a virtio-blk disk.
        BLK,
        /// A virtio-scsi host with a volume for each target.
        SCSI
    }

    /// Who listens on the socket.
    public enum Mode {
        /// The gate listens and the front end connects (QEMU: `reconnect`).
        SERVER,
        /// The front end listens (QEMU: `server=on`) and the gate connects, again and again.
        CLIENT
    }
}
