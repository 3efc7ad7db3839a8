package io.basalt.block;

/// The stages that a request spends its time in, from the driver's ring to the last copy.
///
/// ```
///  kick ─ RING ─ taken ─ QOS ─ GATE ─ NETWORK ─ QUEUE ─┬─ DEVICE ────┬─ NETWORK ─ answered
///                                                      ├─ REPLICA_1 ─┤
///                                                      └─ REPLICA_2 ─┘
/// ```
///
/// A local volume has RING, QOS and DEVICE.
public enum Stage {
    /// Offered by the driver and not taken: what the front end can know of it is the time between two looks at the
    /// ring, which it is at most.
    RING,
    /// Held back by a limit of the volume.
    QOS,
    /// In the process that serves the front end: waits for a connection, a map or a turn, and attempts that came to
    /// nothing.
    GATE,
    /// Under way to the node that serves it and back, and in both kernels.
    NETWORK,
    /// At that node, before it is begun: its turn among volumes, and among requests for the same blocks.
    QUEUE,
    /// In the store of that node, or of a local volume.
    DEVICE,
    /// Until the first of the other copies had answered.
    REPLICA_1,
    /// Until the second of the other copies had answered.
    REPLICA_2
}
