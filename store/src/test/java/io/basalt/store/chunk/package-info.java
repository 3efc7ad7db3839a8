/// Tests of the chunk store.
@NullMarked
package io.basalt.store.chunk;

import org.jspecify.annotations.NullMarked;
