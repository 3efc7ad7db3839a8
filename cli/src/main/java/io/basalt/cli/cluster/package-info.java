/// Commands about the cluster: its health, nodes, devices, sets and tokens; and what every command that asks the
/// metaserver has in common.
@NullMarked
package io.basalt.cli.cluster;

import org.jspecify.annotations.NullMarked;
