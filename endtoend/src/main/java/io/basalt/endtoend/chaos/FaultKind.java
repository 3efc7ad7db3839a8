package io.basalt.endtoend.chaos;

/// What can be done to a running cluster.
enum FaultKind {
    /// A chunk server is killed and started again.
    KILL("kill -9"),
    /// A chunk server stands still for a while, with all its connections open.
    STOP("SIGSTOP"),
    /// The metaserver is killed and started again.
    META_KILL("kill -9 meta"),
    /// A chunk server is killed and stays away for long, while writes go on.
    ABSENCE("long absence"),
    /// Every process is killed at once, and all are started again.
    POWER_CUT("power cut"),
    /// The connections between two parties are broken in one of several ways.
    WIRE("wire"),
    /// A volume takes all the space there is, and is removed again.
    DISK_FULL("disk full"),
    /// Bits of a stopped chunk server's device are flipped, in data and metadata.
    BIT_FLIPS("bit flips"),
    /// The same in its log, after which it is formatted with `--again`.
    LOG_FLIPS("bit flips, log");

    private final String text;

    FaultKind(String text) {
        this.text = text;
    }

    /// For people.
    String text() {
        return text;
    }
}
