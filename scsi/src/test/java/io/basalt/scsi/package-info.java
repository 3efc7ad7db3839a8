@NullMarked
package io.basalt.scsi;

import org.jspecify.annotations.NullMarked;
