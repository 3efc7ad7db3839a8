package io.basalt.scsi;

/// What REPORT SUPPORTED OPERATION CODES answers (SPC-4 6.35).
final class SupportedCommands {
    private static final int TIMEOUTS_LENGTH = 12;
    private static final Command[] ALL = Command.values();

    private SupportedCommands() {}

    /// Describe the commands that the CDB asks about.
    ///
    /// @return [Sense#NO_SENSE], or what is wrong with the command
    static int report(ParameterData to, byte[] cdb, LogicalUnit unit) {
        final boolean timeouts = (cdb[2] & 0x80) != 0;
        final int opcode = BigEndian.load8(cdb, 3);
        final int action = BigEndian.load16(cdb, 4);
        return switch (cdb[2] & 0x07) {
            case 0 -> all(to, timeouts, unit);
            case 1 -> hasActions(opcode) ? Sense.INVALID_FIELD_IN_CDB : one(to, opcode, -1, timeouts, unit);
            case 2 -> isPlain(opcode) ? Sense.INVALID_FIELD_IN_CDB : one(to, opcode, action, timeouts, unit);
            case 3 -> one(to, opcode, hasActions(opcode) ? action : -1, timeouts, unit);
            default -> Sense.INVALID_FIELD_IN_CDB;
        };
    }

    private static boolean hasActions(int opcode) {
        for (final Command each : ALL) {
            if (each.opcode() == opcode && each.serviceAction() >= 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isPlain(int opcode) {
        for (final Command each : ALL) {
            if (each.opcode() == opcode && each.serviceAction() < 0) {
                return true;
            }
        }
        return false;
    }

    private static int all(ParameterData to, boolean timeouts, LogicalUnit unit) {
        to.put32(0);
        for (final Command each : ALL) {
            if (each.availableAt(unit)) {
                final boolean acts = each.serviceAction() >= 0;
                to.put8(each.opcode()).put8(0).put16(acts ? each.serviceAction() : 0);
                to.put8(0).put8((timeouts ? 2 : 0) | (acts ? 1 : 0)).put16(each.length());
                if (timeouts) {
                    noTimeouts(to);
                }
            }
        }
        to.set32(0, to.length() - 4L);
        return Sense.NO_SENSE;
    }

    private static int one(ParameterData to, int opcode, int action, boolean timeouts, LogicalUnit unit) {
        for (final Command each : ALL) {
            if (each.opcode() == opcode && each.serviceAction() == action && each.availableAt(unit)) {
                to.put8(0).put8((timeouts ? 0x80 : 0) | 3).put16(each.length());
                for (int i = 0; i < each.length(); i++) {
                    to.put8(each.usage(i));
                }
                if (timeouts) {
                    noTimeouts(to);
                }
                return Sense.NO_SENSE;
            }
        }
        to.put8(0).put8(1).put16(0);
        return Sense.NO_SENSE;
    }

    private static void noTimeouts(ParameterData to) {
        to.put16(TIMEOUTS_LENGTH - 2).zeros(TIMEOUTS_LENGTH - 2);
    }
}
