/// Tests of the hand-over between gates.
@NullMarked
package io.basalt.gate.handover;

import org.jspecify.annotations.NullMarked;
