package io.basalt.gate.volume;

/// Something that counts I/O of one volume on one reactor, such as a virtqueue. Read in the control reactor.
public interface StatisticsSource {
    /// Who counts, for `per_channel`: for example the controller and its queue.
    String channel();

    /// Id of the reactor that it lives on.
    int reactor();

    /// What was counted since the source was made.
    IoStatistics statistics();

    /// Begin new longest times, if the source can.
    default void resetExtremes() {}
}
