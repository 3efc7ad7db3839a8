package io.basalt.store.file;

/// The way a volume's data takes to its file, decided when it is opened.
///
/// @param blockDevice whether the file is a block device
/// @param direct whether the page cache is bypassed (O_DIRECT)
/// @param memoryAlignment memory addresses must be multiples of this, in bytes; 1 if buffered. Other memory goes
///     through bounce buffers
/// @param offsetAlignment file offsets and lengths must be multiples of this, in bytes; 1 if buffered
/// @param readModifyWrite whether the volume's blocks are smaller than `offsetAlignment`, so that writes of part
///     of a device block read it first
/// @param reason why the path is not the one asked for; empty if it is
public record IoPath(
        boolean blockDevice,
        boolean direct,
        int memoryAlignment,
        int offsetAlignment,
        boolean readModifyWrite,
        String reason) {
    public IoPath {
        assert Integer.bitCount(memoryAlignment) == 1;
        assert Integer.bitCount(offsetAlignment) == 1;
        assert direct || offsetAlignment == 1;
    }

    /// One line for operators.
    public String describe() {
        final StringBuilder text = new StringBuilder(blockDevice ? "block device" : "regular file");
        if (direct) {
            text.append(", O_DIRECT, memory aligned to ")
                    .append(memoryAlignment)
                    .append(" and offsets to ")
                    .append(offsetAlignment)
                    .append(" bytes, bounce buffers for the rest");
        } else {
            text.append(", buffered by the page cache");
        }
        if (readModifyWrite) {
            text.append(", read-modify-write of device blocks");
        }
        if (!reason.isEmpty()) {
            text.append(" (").append(reason).append(')');
        }
        return text.toString();
    }
}
