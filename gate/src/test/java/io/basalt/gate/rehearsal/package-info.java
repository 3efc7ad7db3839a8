@NullMarked
package io.basalt.gate.rehearsal;

import org.jspecify.annotations.NullMarked;
