/// Seeded generators, an allocation probe and hand-moved clocks, shared by every module's tests.
@NullMarked
package io.basalt.testkit;

import org.jspecify.annotations.NullMarked;
