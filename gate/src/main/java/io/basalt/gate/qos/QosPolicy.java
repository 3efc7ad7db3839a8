package io.basalt.gate.qos;

/// Where a volume's limits come from. What is saved in the configuration.
public sealed interface QosPolicy {
    /// No limit.
    QosPolicy NONE = new Own(QosLimits.NONE);

    /// Limits of its own.
    record Own(QosLimits limits) implements QosPolicy {}

    /// Those of a class, which follow the volume's size.
    ///
    /// @param name a class of [QosClasses]
    record OfClass(String name) implements QosPolicy {}
}
