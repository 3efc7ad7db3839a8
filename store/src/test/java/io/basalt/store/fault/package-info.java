/// Tests of the package of the same name.
@NullMarked
package io.basalt.store.fault;

import org.jspecify.annotations.NullMarked;
