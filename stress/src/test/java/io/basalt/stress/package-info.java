/// The run of the stress tests as part of the build.
@NullMarked
package io.basalt.stress;

import org.jspecify.annotations.NullMarked;
