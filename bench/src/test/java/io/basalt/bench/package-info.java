/// Gross regressions of speed, by ratios and by allocation, never by absolute figures.
@NullMarked
package io.basalt.bench;

import org.jspecify.annotations.NullMarked;
