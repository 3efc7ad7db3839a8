package io.basalt.gate.scsi;

import io.basalt.gate.volume.VolumeClaim;
import io.basalt.scsi.LogicalUnit;
import io.basalt.scsi.UnitIdentity;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// The logical units there are: one for each volume that some controller has as a target, so that reservations hold
/// between all of them. Control reactor.
public final class ScsiUnits {
    private final ReservationFiles files;
    private final Map<UUID, LogicalUnit> units = new HashMap<>();

    /// @param files what reservations outlive the gate in
    public ScsiUnits(ReservationFiles files) {
        this.files = files;
    }

    /// The unit of a volume, made if there is none.
    ///
    /// @throws IllegalArgumentException if the volume cannot be one, or its reservations cannot be read
    public LogicalUnit unit(VolumeClaim claim) {
        final UUID uuid = claim.entry().uuid();
        final LogicalUnit present = units.get(uuid);
        if (present != null) {
            return present;
        }
        final LogicalUnit made;
        try {
            made = new LogicalUnit(
                    claim.volume(), new UnitIdentity(claim.entry().name(), uuid), files.load(uuid), files.store(uuid));
        } catch (UncheckedIOException unreadable) {
            throw new IllegalArgumentException(unreadable.getMessage(), unreadable);
        }
        units.put(uuid, made);
        return made;
    }

    /// A unit has lost a user: without one it is forgotten, but for what is in its file.
    public void release(LogicalUnit unit) {
        if (unit.isIdle()) {
            units.values().remove(unit);
        }
    }

    /// Another process has served a unit until now: its reservations are those that it has left.
    ///
    /// @throws IllegalArgumentException if they cannot be read
    public void reload(LogicalUnit unit) {
        for (final Map.Entry<UUID, LogicalUnit> each : units.entrySet()) {
            if (each.getValue().equals(unit)) {
                unit.reload(files.load(each.getKey()));
            }
        }
    }
}
