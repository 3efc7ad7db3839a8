/// A SCSI disk without its transport: command descriptor blocks, parameter data, sense data, unit
/// attentions, persistent reservations, over a volume's channel. Core: no thread, clock, I/O or
/// randomness.
@NullMarked
package io.basalt.scsi;

import org.jspecify.annotations.NullMarked;
