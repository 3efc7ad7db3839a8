/// Volumes as SCSI logical units: one unit a volume, whatever controllers show it, and the files that
/// its reservations outlive the gate in.
@NullMarked
package io.basalt.gate.scsi;

import org.jspecify.annotations.NullMarked;
