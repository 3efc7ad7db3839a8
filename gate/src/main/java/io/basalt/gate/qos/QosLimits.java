package io.basalt.gate.qos;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that limits a volume. Immutable.
///
/// @param rates what is limited; what is missing is not
/// @param unitBytes a read or write of more bytes than this costs as many requests as it has units, begun ones too
public record QosLimits(Map<LimitKind, Rate> rates, int unitBytes) {
    /// The unit unless another is chosen.
    public static final int UNIT_BYTES = 256 << 10;
    /// Smallest unit.
    public static final int UNIT_BYTES_MIN = 4 << 10;
    /// Largest unit.
    public static final int UNIT_BYTES_MAX = 64 << 20;

    /// No limit.
    public static final QosLimits NONE = new QosLimits(Map.of(), UNIT_BYTES);

    public QosLimits {
        if (unitBytes < UNIT_BYTES_MIN || unitBytes > UNIT_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "the unit must be " + UNIT_BYTES_MIN + " to " + UNIT_BYTES_MAX + " bytes, is " + unitBytes);
        }
        final Map<LimitKind, Rate> copy = new EnumMap<>(LimitKind.class);
        copy.putAll(rates);
        rates = Collections.unmodifiableMap(copy);
    }

    /// Whether nothing is limited.
    public boolean isNone() {
        return rates.isEmpty();
    }

    /// The limit of a kind, or null.
    public @Nullable Rate rate(LimitKind kind) {
        return rates.get(kind);
    }

    /// Whether reads are limited apart from writes.
    boolean isDirectional() {
        return rates.keySet().stream().anyMatch(kind -> !(kind.reads() && kind.writes()));
    }
}
