/// Tests.
@NullMarked
package io.basalt.meta.state;

import org.jspecify.annotations.NullMarked;
