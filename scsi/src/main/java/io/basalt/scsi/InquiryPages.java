package io.basalt.scsi;

/// What INQUIRY answers: the standard data and the vital product data pages (SPC-4 6.6 and 7.8, SBC-3 6.6).
final class InquiryPages {
    static final String VENDOR = "BASALT";

    /// Most bytes of one transfer: a command must not occupy its reactor for long.
    static final int TRANSFER_LENGTH_MAX = 4 << 20;
    /// Most blocks of one UNMAP.
    static final long UNMAP_BLOCKS_MAX = 1 << 22;
    /// Most blocks of one WRITE SAME.
    static final long WRITE_SAME_BLOCKS_MAX = 1 << 16;
    /// Most blocks of one COMPARE AND WRITE.
    static final int COMPARE_BLOCKS_MAX = 1;

    private static final String REVISION = "1";
    private static final int NO_UNIT = 0x7f;
    private static final int VERSION_SPC_4 = 6;
    private static final int FORMAT = 0x12;
    private static final int COMMAND_QUEUING = 0x02;
    private static final int STANDARD_LENGTH = 96;
    private static final int PAGE_LENGTH = 0x3c;
    private static final int SAM_5 = 0x00a0;
    private static final int SPC_4 = 0x0460;
    private static final int SBC_3 = 0x04c0;

    private InquiryPages() {}

    static void standard(ParameterData to, boolean present) {
        to.put8(present ? 0 : NO_UNIT).put8(0).put8(VERSION_SPC_4).put8(FORMAT);
        to.put8(STANDARD_LENGTH - 5).put8(0).put8(0).put8(COMMAND_QUEUING);
        to.text(VENDOR, 8).text("Basalt disk", 16).text(REVISION, 4);
        to.zeros(58 - to.length()).put16(SAM_5).put16(SPC_4).put16(SBC_3);
        to.zeros(STANDARD_LENGTH - to.length());
    }

    /// A vital product data page of a unit.
    ///
    /// @return false if there is none of that code
    static boolean page(ParameterData to, int code, Nexus nexus) {
        final LogicalUnit unit = nexus.unit();
        to.put8(0).put8(code).put16(0);
        switch (code) {
            case ScsiSpec.VPD_SUPPORTED_PAGES ->
                to.put8(ScsiSpec.VPD_SUPPORTED_PAGES)
                        .put8(ScsiSpec.VPD_UNIT_SERIAL_NUMBER)
                        .put8(ScsiSpec.VPD_DEVICE_IDENTIFICATION)
                        .put8(ScsiSpec.VPD_BLOCK_LIMITS)
                        .put8(ScsiSpec.VPD_BLOCK_DEVICE_CHARACTERISTICS)
                        .put8(ScsiSpec.VPD_LOGICAL_BLOCK_PROVISIONING);
            case ScsiSpec.VPD_UNIT_SERIAL_NUMBER -> to.put(unit.identity().serial());
            case ScsiSpec.VPD_DEVICE_IDENTIFICATION -> identification(to, nexus);
            case ScsiSpec.VPD_BLOCK_LIMITS -> limits(to, unit);
            // Does not rotate; the rest is not reported.
            case ScsiSpec.VPD_BLOCK_DEVICE_CHARACTERISTICS -> to.put16(1).zeros(PAGE_LENGTH - 2);
            case ScsiSpec.VPD_LOGICAL_BLOCK_PROVISIONING -> provisioning(to, unit);
            default -> {
                return false;
            }
        }
        to.set16(2, to.length() - 4);
        return true;
    }

    /// Designators: of the unit by vendor and name, of the unit by world wide name, of the port.
    private static void identification(ParameterData to, Nexus nexus) {
        final UnitIdentity identity = nexus.unit().identity();
        final byte[] serial = identity.serial();
        to.put8(0x02).put8(0x01).put8(0).put8(8 + serial.length).text(VENDOR, 8).put(serial);
        to.put8(0x01).put8(0x03).put8(0).put8(8).put64(identity.worldWideName());
        to.put8(0x01).put8(0x14).put8(0).put8(4).put16(0).put16(nexus.port());
    }

    private static void limits(ParameterData to, LogicalUnit unit) {
        final int transfer = TRANSFER_LENGTH_MAX / unit.blockSize();
        // A WRITE SAME of no blocks, which would mean all of them, is not taken (WSNZ).
        to.put8(1).put8(COMPARE_BLOCKS_MAX).put16(1);
        to.put32(transfer).put32(transfer).put32(0);
        to.put32(unit.unmaps() ? UNMAP_BLOCKS_MAX : 0).put32(unit.unmaps() ? ScsiTask.RANGE_COUNT_MAX : 0);
        to.put32(1).put32(0x8000_0000L).put64(WRITE_SAME_BLOCKS_MAX);
        to.zeros(4 + PAGE_LENGTH - to.length());
    }

    private static void provisioning(ParameterData to, LogicalUnit unit) {
        int flags = 0;
        if (unit.unmaps()) {
            flags = 0x80 | (unit.zeroes() ? 0x40 | 0x20 : 0) | (unit.unmapZeroes() ? 0x04 : 0);
        }
        to.put8(0).put8(flags).put8(unit.unmaps() ? 2 : 0).put8(0);
    }
}
