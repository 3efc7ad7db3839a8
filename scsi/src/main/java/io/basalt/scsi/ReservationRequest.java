package io.basalt.scsi;

/// What a command asks of a unit's reservations, taken from its CDB and parameter list.
///
/// @param action what is to be done
/// @param scope 0 is the whole unit, the only one there is
/// @param type code of a [ReservationType]; unchecked
/// @param key that the initiator says it has registered
/// @param actionKey that the action is about
/// @param lasting registrations are to outlive a loss of power (APTPL)
record ReservationRequest(Action action, int scope, int type, long key, long actionKey, boolean lasting) {
    /// What is to be done: service actions of PERSISTENT RESERVE OUT by their number, and the older two commands.
    enum Action {
        REGISTER,
        RESERVE,
        RELEASE,
        CLEAR,
        PREEMPT,
        PREEMPT_AND_ABORT,
        REGISTER_AND_IGNORE_EXISTING_KEY,
        /// RESERVE(6) and RESERVE(10).
        RESERVE_UNIT,
        /// RELEASE(6) and RELEASE(10).
        RELEASE_UNIT
    }

    static ReservationRequest ofUnit(Action action) {
        return new ReservationRequest(action, 0, 0, 0, 0, false);
    }
}
