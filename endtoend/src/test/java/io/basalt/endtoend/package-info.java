/// Tests of whole processes: a gate started like in production, and QEMU guests that use its disks.
@NullMarked
package io.basalt.endtoend;

import org.jspecify.annotations.NullMarked;
