package io.basalt.virtio.scsi;

/// The eight bytes that address a logical unit (virtio 1.2, 5.6.6.1): 1, the target, and a unit number in the flat
/// or the peripheral format of SAM.
final class LunAddress {
    /// What [#lun] answers for an address that no unit can have.
    static final int NOWHERE = 0x3fff;

    private static final int FIRST_LEVEL_MASK = 0x3fff;

    private LunAddress() {}

    /// The target that is addressed.
    ///
    /// @param address the bytes, the first in the lowest bits
    /// @return below [ScsiDevice#TARGET_COUNT_MAX], or -1 if it is none that could be there
    static int target(long address) {
        final int target = (int) (address >>> 8 & 0xff);
        return (address & 0xff) == 1 && target < ScsiDevice.TARGET_COUNT_MAX ? target : -1;
    }

    /// The unit that is addressed.
    static int lun(long address) {
        final int level = (int) (address >>> 16 & 0xff) << 8 | (int) (address >>> 24 & 0xff);
        return address >>> 32 == 0 && level >>> 15 == 0 ? level & FIRST_LEVEL_MASK : NOWHERE;
    }

    /// The address of unit 0 of a target, in the peripheral format: Linux compares the number in an event as a
    /// whole, so a flat one would be that of a unit 16384.
    static long of(int target) {
        return 1 | (long) target << 8;
    }
}
