package io.basalt.virtio.vhostuser;

/// A region of guest memory as a message describes it; nothing in it has been checked.
///
/// @param guestAddress guest physical address
/// @param size bytes
/// @param userAddress address in the front end
/// @param mmapOffset offset in the file that comes with the message
public record RegionDescription(long guestAddress, long size, long userAddress, long mmapOffset) {
    @Override
    public String toString() {
        return String.format(
                "region [guest 0x%x, size 0x%x, user 0x%x, offset 0x%x]", guestAddress, size, userAddress, mmapOffset);
    }
}
