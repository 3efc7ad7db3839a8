/// What the end-to-end tests stand on: processes with bounded waits and certain ends, a guest image, QEMU, the
/// gate.
@NullMarked
package io.basalt.endtoend.harness;

import org.jspecify.annotations.NullMarked;
