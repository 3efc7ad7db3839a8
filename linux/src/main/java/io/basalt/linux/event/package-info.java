/// Wake-ups that cross threads and processes.
@NullMarked
package io.basalt.linux.event;

import org.jspecify.annotations.NullMarked;
