package io.basalt.scsi;

/// Where a unit's persistent reservations outlive the process.
@FunctionalInterface
public interface ReservationStore {
    /// Forgets everything: for units whose reservations need not last.
    ReservationStore NONE = _ -> true;

    /// Replace what is kept, durably. Control reactor.
    ///
    /// @param bytes as [ReservationFormat] writes them; none to keep nothing
    /// @return false if it cannot be; the old content stands
    boolean save(byte[] bytes);
}
