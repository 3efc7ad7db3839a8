/// Tests of the package of the same name.
@NullMarked
package io.basalt.store.file;

import org.jspecify.annotations.NullMarked;
