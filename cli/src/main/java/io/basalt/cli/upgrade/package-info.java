/// `basalt upgrade`: the processes of a cluster are restarted one after the other, each only while all is well.
@NullMarked
package io.basalt.cli.upgrade;

import org.jspecify.annotations.NullMarked;
