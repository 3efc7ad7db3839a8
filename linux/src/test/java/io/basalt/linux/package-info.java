/// Tests of the plumbing, and the comparison of every layout and constant with the C headers.
@NullMarked
package io.basalt.linux;

import org.jspecify.annotations.NullMarked;
