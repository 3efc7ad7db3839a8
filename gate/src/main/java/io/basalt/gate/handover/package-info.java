/// The hand-over of a running gate's guests to the next process: messages, their format, and the two
/// sides' state machines. What is handed over is reached through interfaces. One owner: the control
/// reactor.
@NullMarked
package io.basalt.gate.handover;

import org.jspecify.annotations.NullMarked;
