/// Raw images into and out of volumes.
///
/// They go through a gate's vhost-user socket, as a guest's data does: the same path with the same checks as every
/// other I/O, fencing included, and it works for every kind of disk that a gate has.
@NullMarked
package io.basalt.cli.image;

import org.jspecify.annotations.NullMarked;
