/// Tests of mappings, memfds and huge pages.
@NullMarked
package io.basalt.linux.memory;

import org.jspecify.annotations.NullMarked;
