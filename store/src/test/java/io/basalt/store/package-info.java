/// The contract every volume keeps, and the fixtures to check it with.
@NullMarked
package io.basalt.store;

import org.jspecify.annotations.NullMarked;
