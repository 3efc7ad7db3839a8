/// JMH benchmarks of single parts; run with `-prof gc` they also show that none of them allocates.
@NullMarked
package io.basalt.bench.jmh;

import org.jspecify.annotations.NullMarked;
