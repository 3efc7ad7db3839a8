/// Tests of what only TCP connections have, and a measurement of their cost.
@NullMarked
package io.basalt.net.tcp;

import org.jspecify.annotations.NullMarked;
