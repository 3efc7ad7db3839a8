package io.basalt.endtoend.chaos;

import io.basalt.endtoend.chaos.proxy.WireFault;
import java.util.Locale;

/// One step of a plan.
///
/// @param kind what is done
/// @param target name of the party it is done to; empty where that follows from the kind
/// @param from for [FaultKind#WIRE], who has connected to the target
/// @param wire for [FaultKind#WIRE], what is done to these connections
/// @param amount how many of it, for [FaultKind#BIT_FLIPS] and [FaultKind#LOG_FLIPS]; else 1
/// @param holdNs how long it lasts, in nanoseconds
/// @param pauseNs time before it, undisturbed, in nanoseconds
record Fault(FaultKind kind, String target, String from, WireFault wire, int amount, long holdNs, long pauseNs) {
    /// What kind of fault it is, for people and for sums.
    String label() {
        return kind == FaultKind.WIRE ? wire.name().toLowerCase(Locale.ROOT).replace('_', ' ') : kind.text();
    }

    /// Whom it meets, for people.
    String where() {
        return from.isEmpty() ? target : from + " -> " + target;
    }
}
