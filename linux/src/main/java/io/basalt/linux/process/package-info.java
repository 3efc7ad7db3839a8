/// The running process and its threads: processors, CPU clocks, limits, privileges.
@NullMarked
package io.basalt.linux.process;

import org.jspecify.annotations.NullMarked;
