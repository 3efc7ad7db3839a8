/// The plumbing of every kernel call: system calls that answer `-errno`, error names, the module's exception.
@NullMarked
package io.basalt.linux;

import org.jspecify.annotations.NullMarked;
