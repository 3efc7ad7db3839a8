/// Tests of the log that several metaservers keep.
@NullMarked
package io.basalt.quorum;

import org.jspecify.annotations.NullMarked;
