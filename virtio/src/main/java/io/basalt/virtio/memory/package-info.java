/// Guest memory: the table of regions, translation, and the dirty log. Every byte here belongs to a hostile guest.
@NullMarked
package io.basalt.virtio.memory;

import org.jspecify.annotations.NullMarked;
