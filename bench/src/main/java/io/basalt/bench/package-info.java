/// What the gate's speed is measured with. Every figure is a ratio of two things that ran in turns in one run.
@NullMarked
package io.basalt.bench;

import org.jspecify.annotations.NullMarked;
