/// `basalt chaos`: a cluster of real processes under load, what is done to it, and whether that was noticed.
@NullMarked
package io.basalt.endtoend.chaos;

import org.jspecify.annotations.NullMarked;
