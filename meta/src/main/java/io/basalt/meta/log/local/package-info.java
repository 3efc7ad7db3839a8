/// The log of a metaserver that is one process: a write-ahead log and a snapshot in a folder, with a thread of its
/// own.
@NullMarked
package io.basalt.meta.log.local;

import org.jspecify.annotations.NullMarked;
