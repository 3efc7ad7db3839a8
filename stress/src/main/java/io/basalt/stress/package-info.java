/// Stress tests of what threads share: each lets a few threads meet millions of times and names every outcome that
/// may come of it.
@NullMarked
package io.basalt.stress;

import org.jspecify.annotations.NullMarked;
