/// The processor time of a request on the virtqueue path, beside a C program that does the same work.
@NullMarked
package io.basalt.bench.virtqueue;

import org.jspecify.annotations.NullMarked;
