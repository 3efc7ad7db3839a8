/// What outlives the process or is set for it as a whole: the state file and the log.
@NullMarked
package io.basalt.gate.config;

import org.jspecify.annotations.NullMarked;
