/// Tests of the test kit itself.
@NullMarked
package io.basalt.testkit;

import org.jspecify.annotations.NullMarked;
