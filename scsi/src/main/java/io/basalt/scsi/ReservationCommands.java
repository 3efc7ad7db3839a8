package io.basalt.scsi;

import io.basalt.scsi.Registrations.Registration;
import io.basalt.scsi.ReservationRequest.Action;

/// PERSISTENT RESERVE IN and OUT as initiators write and read them (SPC-4 6.15 and 6.16).
final class ReservationCommands {
    /// Bytes of the parameter list of PERSISTENT RESERVE OUT.
    static final int LIST_LENGTH = 24;

    private static final int READ_KEYS = 0;
    private static final int READ_RESERVATION = 1;
    private static final int REPORT_CAPABILITIES = 2;
    private static final int READ_FULL_STATUS = 3;
    private static final int HEADER_LENGTH = 8;
    private static final int LASTING_CAPABLE = 0x01;
    private static final int TYPES_VALID = 0x80;
    private static final int LASTING_ACTIVE = 0x01;
    private static final int TRANSPORT_ID_LENGTH = 24;
    private static final int TRANSPORT_SAS = 6;
    /// The last service action of PERSISTENT RESERVE OUT that is offered, REGISTER AND IGNORE EXISTING KEY.
    private static final int ACTION_MAX = 6;

    private static final Action[] ACTIONS = Action.values();

    private ReservationCommands() {}

    /// What PERSISTENT RESERVE IN answers.
    ///
    /// @return false if there is no such service action
    static boolean report(ParameterData to, int action, Registrations state) {
        switch (action) {
            case READ_KEYS -> keys(to, state);
            case READ_RESERVATION -> reservation(to, state);
            case REPORT_CAPABILITIES ->
                to.put16(8)
                        .put8(LASTING_CAPABLE)
                        .put8(TYPES_VALID | (state.lasting() ? LASTING_ACTIVE : 0))
                        .put8(ReservationType.MASK_FIRST)
                        .put8(ReservationType.MASK_SECOND)
                        .put16(0);
            case READ_FULL_STATUS -> fullStatus(to, state);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void keys(ParameterData to, Registrations state) {
        to.put32(state.generation()).put32(8L * state.all().size());
        for (final Registration each : state.all()) {
            to.put64(each.key());
        }
    }

    private static void reservation(ParameterData to, Registrations state) {
        final ReservationType type = state.type();
        to.put32(state.generation()).put32(type == null ? 0 : 16);
        if (type != null) {
            to.put64(state.holderKey()).put32(0).put8(0).put8(type.code()).put16(0);
        }
    }

    private static void fullStatus(ParameterData to, Registrations state) {
        final ReservationType type = state.type();
        final int code = type == null ? 0 : type.code();
        to.put32(state.generation()).put32(0);
        for (final Registration each : state.all()) {
            final boolean holds = state.isHolder(each.initiator());
            to.put64(each.key()).put32(0).put8(holds ? 1 : 0).put8(holds ? code : 0);
            to.put32(0).put16(each.port()).put32(TRANSPORT_ID_LENGTH);
            to.put8(TRANSPORT_SAS)
                    .zeros(3)
                    .put64(Nexus.portName(each.initiator()))
                    .zeros(TRANSPORT_ID_LENGTH - 12);
        }
        to.set32(4, to.length() - (long) HEADER_LENGTH);
    }

    /// Read what PERSISTENT RESERVE OUT asks.
    ///
    /// @param list the parameter list, [#LIST_LENGTH] bytes
    /// @return [Sense#NO_SENSE], and the task has its errand, or what is wrong
    static int parse(byte[] cdb, byte[] list, ScsiTask task) {
        final int number = cdb[1] & 0x1f;
        if (number > ACTION_MAX) {
            return Sense.INVALID_FIELD_IN_CDB;
        }
        final Action action = ACTIONS[number];
        final boolean registers = action == Action.REGISTER || action == Action.REGISTER_AND_IGNORE_EXISTING_KEY;
        // Registering for other initiators (SPEC_I_PT) or other ports (ALL_TG_PT) is not offered.
        if (registers && (list[20] & 0x0c) != 0) {
            return Sense.INVALID_FIELD_IN_PARAMETER_LIST;
        }
        task.errand(new ReservationRequest(
                action,
                BigEndian.load8(cdb, 2) >> 4,
                cdb[2] & 0x0f,
                BigEndian.load64(list, 0),
                BigEndian.load64(list, 8),
                registers && (list[20] & 0x01) != 0));
        return Sense.NO_SENSE;
    }
}
