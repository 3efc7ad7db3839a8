package io.basalt.scsi;

/// Sense data (SPC-4 section 4.5): why a command ended as it did. A condition is one number, sense key,
/// additional sense code and its qualifier in a byte each.
public final class Sense {
    // key << 16 | asc << 8 | ascq
    static final int NO_SENSE = 0x00_00_00;
    static final int UNRECOVERED_READ_ERROR = 0x03_11_00;
    static final int WRITE_ERROR = 0x03_0c_00;
    static final int INTERNAL_TARGET_FAILURE = 0x04_44_00;
    static final int PARAMETER_LIST_LENGTH_ERROR = 0x05_1a_00;
    static final int INVALID_COMMAND_OPERATION_CODE = 0x05_20_00;
    static final int LBA_OUT_OF_RANGE = 0x05_21_00;
    static final int INVALID_FIELD_IN_CDB = 0x05_24_00;
    static final int LOGICAL_UNIT_NOT_SUPPORTED = 0x05_25_00;
    static final int INVALID_FIELD_IN_PARAMETER_LIST = 0x05_26_00;
    static final int INVALID_RELEASE_OF_PERSISTENT_RESERVATION = 0x05_26_04;
    static final int SAVING_PARAMETERS_NOT_SUPPORTED = 0x05_39_00;
    static final int INSUFFICIENT_REGISTRATION_RESOURCES = 0x05_55_04;
    static final int RESET_OCCURRED = 0x06_29_00;
    static final int BUS_DEVICE_RESET_FUNCTION_OCCURRED = 0x06_29_03;
    static final int MODE_PARAMETERS_CHANGED = 0x06_2a_01;
    static final int RESERVATIONS_PREEMPTED = 0x06_2a_03;
    static final int RESERVATIONS_RELEASED = 0x06_2a_04;
    static final int REGISTRATIONS_PREEMPTED = 0x06_2a_05;
    static final int CAPACITY_DATA_HAS_CHANGED = 0x06_2a_09;
    static final int REPORTED_LUNS_DATA_HAS_CHANGED = 0x06_3f_0e;
    static final int WRITE_PROTECTED = 0x07_27_00;
    static final int SPACE_ALLOCATION_FAILED_WRITE_PROTECT = 0x07_27_07;
    static final int MISCOMPARE_DURING_VERIFY_OPERATION = 0x0e_1d_00;

    /// No field of the command is pointed at.
    static final int NO_FIELD = -1;

    private static final int KEY_ILLEGAL_REQUEST = 5;
    private static final int FIXED_LENGTH = 18;
    private static final int DESCRIPTOR_HEADER_LENGTH = 8;
    private static final int INFORMATION_DESCRIPTOR_LENGTH = 12;
    private static final int FIELD_DESCRIPTOR_LENGTH = 8;

    private Sense() {}

    /// Write sense data.
    ///
    /// @param to at least [ScsiSpec#SENSE_LENGTH_MAX] bytes
    /// @param descriptors the descriptor format rather than the fixed one
    /// @param information value of the information field, if there is one
    /// @param field byte of the CDB or the parameter list that is wrong, or [#NO_FIELD]
    /// @return bytes written
    static int write(
            byte[] to, boolean descriptors, int condition, boolean hasInformation, long information, int field) {
        return descriptors
                ? writeDescriptors(to, condition, hasInformation, information, field)
                : writeFixed(to, condition, hasInformation, information, field);
    }

    private static int writeFixed(byte[] to, int condition, boolean hasInformation, long information, int field) {
        clear(to, FIXED_LENGTH);
        // A number that does not fit is not valid in this format (SPC-4 4.5.3).
        final boolean valid = hasInformation && information >>> 32 == 0;
        to[0] = (byte) (valid ? 0xf0 : 0x70);
        to[2] = (byte) (condition >> 16);
        if (valid) {
            BigEndian.store32(to, 3, information);
        }
        to[7] = FIXED_LENGTH - 8;
        to[12] = (byte) (condition >> 8);
        to[13] = (byte) condition;
        if (pointsAt(condition, field)) {
            writeField(to, 15, condition, field);
        }
        return FIXED_LENGTH;
    }

    private static int writeDescriptors(byte[] to, int condition, boolean hasInformation, long information, int field) {
        clear(to, ScsiSpec.SENSE_LENGTH_MAX);
        to[0] = 0x72;
        to[1] = (byte) (condition >> 16);
        to[2] = (byte) (condition >> 8);
        to[3] = (byte) condition;
        int length = DESCRIPTOR_HEADER_LENGTH;
        if (hasInformation) {
            to[length] = 0;
            to[length + 1] = INFORMATION_DESCRIPTOR_LENGTH - 2;
            to[length + 2] = (byte) 0x80;
            BigEndian.store64(to, length + 4, information);
            length += INFORMATION_DESCRIPTOR_LENGTH;
        }
        if (pointsAt(condition, field)) {
            to[length] = 2;
            to[length + 1] = FIELD_DESCRIPTOR_LENGTH - 2;
            writeField(to, length + 4, condition, field);
            length += FIELD_DESCRIPTOR_LENGTH;
        }
        to[7] = (byte) (length - DESCRIPTOR_HEADER_LENGTH);
        return length;
    }

    private static boolean pointsAt(int condition, int field) {
        return field >= 0 && condition >> 16 == KEY_ILLEGAL_REQUEST;
    }

    /// The sense key specific bytes: valid, in the CDB or not, which byte.
    private static void writeField(byte[] to, int at, int condition, int field) {
        final boolean inCdb = (condition & 0xffff) != (INVALID_FIELD_IN_PARAMETER_LIST & 0xffff);
        to[at] = (byte) (inCdb ? 0xc0 : 0x80);
        BigEndian.store16(to, at + 1, field);
    }

    private static void clear(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            bytes[i] = 0;
        }
    }
}
