/// The metaserver: the catalog of volumes and the configuration of placement groups, never on the I/O path.
@NullMarked
package io.basalt.meta;

import org.jspecify.annotations.NullMarked;
