/// virtio-scsi (virtio 1.2, section 5.6): the control queue, the event queue and the request queues of a
/// controller whose targets are volumes. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.virtio.scsi;

import org.jspecify.annotations.NullMarked;
