package io.basalt.scsi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who has registered with a unit, and who has reserved it: one immutable state.
///
/// @param generation counts changes of registrations since the unit was made (PRGENERATION)
/// @param all in the order in which they were made
/// @param type null if nothing is reserved
/// @param holder initiator who has reserved, one of those registered; empty if none, or all do
/// @param lasting whether the last registration asked for what outlives a loss of power (APTPL)
record Registrations(
        int generation, List<Registration> all, @Nullable ReservationType type, String holder, boolean lasting) {
    /// Most registrations of one unit.
    static final int COUNT_MAX = 128;

    static final Registrations NONE = new Registrations(0, List.of(), null, "", false);

    Registrations {
        all = List.copyOf(all);
    }

    /// @param initiator name of the nexus
    /// @param key not 0
    record Registration(String initiator, long key, int port) {}

    @Nullable
    Registration of(String initiator) {
        for (final Registration each : all) {
            if (each.initiator().equals(initiator)) {
                return each;
            }
        }
        return null;
    }

    /// Whether a registered initiator holds the reservation.
    boolean isHolder(String initiator) {
        return type != null && (type.heldByAll() ? of(initiator) != null : holder.equals(initiator));
    }

    /// Key of the reservation as READ RESERVATION shows it: 0 if all registrants hold it.
    long holderKey() {
        final Registration holds = of(holder);
        return holds == null ? 0 : holds.key();
    }

    /// What others' reservation takes from an initiator, as [Command.Need]s.
    int denied(String initiator) {
        if (type == null || isHolder(initiator) || (type.sparesRegistrants() && of(initiator) != null)) {
            return 0;
        }
        return type.denies();
    }
}
