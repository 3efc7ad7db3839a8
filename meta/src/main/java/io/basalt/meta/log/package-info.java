/// The log that the metaserver's state is made of, as a contract, and one kept in memory. Core: no thread,
/// clock, I/O or randomness.
@NullMarked
package io.basalt.meta.log;

import org.jspecify.annotations.NullMarked;
