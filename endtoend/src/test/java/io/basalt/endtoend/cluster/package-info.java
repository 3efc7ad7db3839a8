/// A whole cluster in one process, over real sockets and files.
@NullMarked
package io.basalt.endtoend.cluster;

import org.jspecify.annotations.NullMarked;
