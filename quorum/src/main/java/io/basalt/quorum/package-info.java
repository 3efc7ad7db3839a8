/// The metaserver's log, kept by three or five of them: Apache Ratis behind `io.basalt.meta.log.MetaLog`. No type of
/// Ratis leaves this package, and nothing of Ratis is loaded unless a quorum is configured.
@NullMarked
package io.basalt.quorum;

import org.jspecify.annotations.NullMarked;
