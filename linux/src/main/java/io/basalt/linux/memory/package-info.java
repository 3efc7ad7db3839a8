/// Memory that is mapped: files, memfds, anonymous pages, huge pages.
@NullMarked
package io.basalt.linux.memory;

import org.jspecify.annotations.NullMarked;
