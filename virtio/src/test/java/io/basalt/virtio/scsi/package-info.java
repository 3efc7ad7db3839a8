@NullMarked
package io.basalt.virtio.scsi;

import org.jspecify.annotations.NullMarked;
