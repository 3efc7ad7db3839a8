/// Volumes on a regular file or block device, over the reactor's io_uring.
@NullMarked
package io.basalt.store.file;

import org.jspecify.annotations.NullMarked;
