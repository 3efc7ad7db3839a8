/// The driver's side of virtqueues: what a guest does, over memory of this process. Used to generate load and
/// in tests.
@NullMarked
package io.basalt.virtio.driver;

import org.jspecify.annotations.NullMarked;
