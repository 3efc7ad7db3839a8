/// io_uring: submission and completion rings owned by one thread, and the kernel's layouts for them.
@NullMarked
package io.basalt.linux.uring;

import org.jspecify.annotations.NullMarked;
