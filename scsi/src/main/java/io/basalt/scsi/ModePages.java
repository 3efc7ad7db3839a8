package io.basalt.scsi;

/// Mode parameters (SPC-4 7.5, SBC-3 6.5): the caching page and the control page.
///
/// One bit can be changed, D_SENSE of the control page. The write cache cannot be switched off, and no block size be
/// chosen: a guest that lives on while its gate is replaced would not hear that its choice is lost.
final class ModePages {
    private static final int CACHING = 0x08;
    private static final int CACHING_LENGTH = 20;
    private static final int CONTROL = 0x0a;
    private static final int CONTROL_LENGTH = 12;
    private static final int ALL_PAGES = 0x3f;
    private static final int ALL_SUBPAGES = 0xff;
    private static final int WRITE_PROTECTED = 0x80;
    private static final int DPO_AND_FUA = 0x10;
    private static final int WRITE_CACHE = 0x04;
    private static final int DESCRIPTOR_SENSE = 0x04;
    private static final int UNRESTRICTED_REORDERING = 0x10;
    private static final int CHANGEABLE = 1;
    private static final int SAVED = 3;
    private static final int BLOCK_DESCRIPTOR = 8;
    private static final int LONG_BLOCK_DESCRIPTOR = 16;

    private ModePages() {}

    /// What MODE SENSE answers.
    ///
    /// @return [Sense#NO_SENSE], or what is wrong with the command, which is in its byte 2
    static int sense(ParameterData to, byte[] cdb, boolean ten, Nexus nexus) {
        final LogicalUnit unit = nexus.unit();
        final int control = BigEndian.load8(cdb, 2) >> 6;
        final int page = cdb[2] & 0x3f;
        final int subpage = BigEndian.load8(cdb, 3);
        final boolean blocks = (cdb[1] & 0x08) == 0;
        final boolean longBlocks = ten && (cdb[1] & 0x10) != 0;
        if (control == SAVED) {
            return Sense.SAVING_PARAMETERS_NOT_SUPPORTED;
        }
        if (subpage != 0 && (subpage != ALL_SUBPAGES || page != ALL_PAGES)) {
            return Sense.INVALID_FIELD_IN_CDB;
        }
        final int specific = (unit.readOnly() ? WRITE_PROTECTED : 0) | DPO_AND_FUA;
        final int descriptor = blocks ? longBlocks ? LONG_BLOCK_DESCRIPTOR : BLOCK_DESCRIPTOR : 0;
        if (ten) {
            to.put16(0).put8(0).put8(specific).put8(longBlocks ? 1 : 0).put8(0).put16(descriptor);
        } else {
            to.put8(0).put8(0).put8(specific).put8(descriptor);
        }
        if (descriptor != 0) {
            blockDescriptor(to, unit, longBlocks);
        }
        if (page == CACHING || page == ALL_PAGES) {
            caching(to, unit, control);
        }
        if (page == CONTROL || page == ALL_PAGES) {
            control(to, nexus, control);
        }
        if (page != CACHING && page != CONTROL && page != ALL_PAGES) {
            return Sense.INVALID_FIELD_IN_CDB;
        }
        if (ten) {
            to.set16(0, to.length() - 2);
        } else {
            to.set8(0, to.length() - 1);
        }
        return Sense.NO_SENSE;
    }

    private static void blockDescriptor(ParameterData to, LogicalUnit unit, boolean longBlocks) {
        final long count = unit.blockCount();
        if (longBlocks) {
            to.put64(count).put32(0).put32(unit.blockSize());
        } else {
            to.put32(Math.min(count, 0xffff_ffffL)).put32(unit.blockSize());
        }
    }

    private static void caching(ParameterData to, LogicalUnit unit, int control) {
        final boolean caches = control != CHANGEABLE && unit.writeCache();
        to.put8(CACHING).put8(CACHING_LENGTH - 2).put8(caches ? WRITE_CACHE : 0).zeros(CACHING_LENGTH - 3);
    }

    private static void control(ParameterData to, Nexus nexus, int control) {
        final boolean descriptors = control == CHANGEABLE || (control == 0 && nexus.descriptorSense());
        to.put8(CONTROL).put8(CONTROL_LENGTH - 2).put8(descriptors ? DESCRIPTOR_SENSE : 0);
        to.put8(control == CHANGEABLE ? 0 : UNRESTRICTED_REORDERING).zeros(CONTROL_LENGTH - 4);
    }

    /// Do what MODE SELECT says.
    ///
    /// @param list the parameter list
    /// @param length its bytes
    /// @return [Sense#NO_SENSE], or what is wrong with the list
    static int select(byte[] list, int length, boolean ten, Nexus nexus) {
        final int header = ten ? 8 : 4;
        if (length < header) {
            return Sense.PARAMETER_LIST_LENGTH_ERROR;
        }
        final int descriptor = ten ? BigEndian.load16(list, 6) : BigEndian.load8(list, 3);
        final boolean longBlocks = ten && (list[4] & 1) != 0;
        if (descriptor != 0 && descriptor != (longBlocks ? LONG_BLOCK_DESCRIPTOR : BLOCK_DESCRIPTOR)) {
            return Sense.INVALID_FIELD_IN_PARAMETER_LIST;
        }
        if (length < header + descriptor) {
            return Sense.PARAMETER_LIST_LENGTH_ERROR;
        }
        if (descriptor != 0 && !isOurs(list, header, longBlocks, nexus.unit())) {
            return Sense.INVALID_FIELD_IN_PARAMETER_LIST;
        }
        boolean descriptors = nexus.descriptorSense();
        int at = header + descriptor;
        while (at < length) {
            final int page = list[at] & 0x7f;
            final int pageLength = page == CACHING ? CACHING_LENGTH : CONTROL_LENGTH;
            if (page != CACHING && page != CONTROL) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST;
            }
            if (length - at < pageLength) {
                return Sense.PARAMETER_LIST_LENGTH_ERROR;
            }
            if (list[at + 1] != pageLength - 2 || !keeps(list, at, page, nexus.unit())) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST;
            }
            if (page == CONTROL) {
                descriptors = (list[at + 2] & DESCRIPTOR_SENSE) != 0;
            }
            at += pageLength;
        }
        nexus.descriptorSense(descriptors);
        return Sense.NO_SENSE;
    }

    /// Whether a block descriptor is the one that MODE SENSE shows, or says nothing of the number of blocks.
    private static boolean isOurs(byte[] list, int at, boolean longBlocks, LogicalUnit unit) {
        final long count = longBlocks ? BigEndian.load64(list, at) : BigEndian.load32(list, at);
        final long size = BigEndian.load32(list, at + (longBlocks ? 12 : 4)) & 0xff_ffff;
        return size == unit.blockSize()
                && (count == 0 || count == Math.min(unit.blockCount(), longBlocks ? Long.MAX_VALUE : 0xffff_ffffL));
    }

    /// Whether a page leaves alone what cannot be changed.
    private static boolean keeps(byte[] list, int at, int page, LogicalUnit unit) {
        if (page == CACHING) {
            return list[at + 2] == (unit.writeCache() ? WRITE_CACHE : 0) && isZero(list, at + 3, CACHING_LENGTH - 3);
        }
        return (list[at + 2] & ~DESCRIPTOR_SENSE) == 0
                && list[at + 3] == UNRESTRICTED_REORDERING
                && isZero(list, at + 4, CONTROL_LENGTH - 4);
    }

    private static boolean isZero(byte[] bytes, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
