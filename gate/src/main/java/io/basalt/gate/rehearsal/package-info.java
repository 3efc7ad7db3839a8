/// Hand-overs that no guest sees: a gate runs the code of a hand-over, both sides of it, on a disk of its
/// own until that code is loaded and compiled.
@NullMarked
package io.basalt.gate.rehearsal;

import org.jspecify.annotations.NullMarked;
