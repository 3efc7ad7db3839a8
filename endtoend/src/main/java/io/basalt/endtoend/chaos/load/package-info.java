/// A guest without a processor: loads a disk through its vhost-user socket, stamps all that it writes, and writes
/// down what it did and saw.
@NullMarked
package io.basalt.endtoend.chaos.load;

import org.jspecify.annotations.NullMarked;
