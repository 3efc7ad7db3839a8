package io.basalt.cli.image;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How an image file holds a disk.
///
/// Never found out from the data: whoever wrote the disk wrote the data too, and a guest that begins its
/// raw disk like a qcow2 image would have the next copy read any file of the host as its backing file.
enum ImageFormat {
    /// The disk's bytes and nothing else.
    RAW,
    /// QEMU's format.
    QCOW2,
    /// VMware's format, in a single file.
    VMDK;

    /// The format that was asked for, or else the one that the name's ending says, or else [#RAW].
    ///
    /// @param place path or URL
    static ImageFormat of(String place, @Nullable ImageFormat asked) {
        if (asked != null) {
            return asked;
        }
        final String ending = place.substring(place.lastIndexOf('.') + 1).toUpperCase(Locale.ROOT);
        for (final ImageFormat format : values()) {
            if (format.name().equals(ending)) {
                return format;
            }
        }
        return RAW;
    }

    /// What qemu-img calls it.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
