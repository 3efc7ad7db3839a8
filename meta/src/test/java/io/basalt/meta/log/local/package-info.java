/// Tests.
@NullMarked
package io.basalt.meta.log.local;

import org.jspecify.annotations.NullMarked;
