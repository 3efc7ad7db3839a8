package io.basalt.reactor;

/// What a reactor does when it finds no work. Changeable at run time, per reactor.
public enum IdleMode {
    /// Spin while work arrives, then arm every source and block. The default.
    ADAPTIVE,
    /// Never sleep; virtqueue notifications stay off.
    POLL,
    /// Arm and block as soon as a pass finds nothing.
    INTERRUPT
}
