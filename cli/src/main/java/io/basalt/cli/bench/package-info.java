/// `basalt bench`: plays the guest. A vhost-user-blk front end over its own memory that loads a disk, checks what
/// it reads back, and reports rates, latencies and processor time.
@NullMarked
package io.basalt.cli.bench;

import org.jspecify.annotations.NullMarked;
