/// Tests of the state file and the log.
@NullMarked
package io.basalt.gate.config;

import org.jspecify.annotations.NullMarked;
