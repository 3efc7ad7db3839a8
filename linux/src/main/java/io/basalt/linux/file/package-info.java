/// Files and block devices: descriptors, facts about them, positioned reads and writes, locks.
@NullMarked
package io.basalt.linux.file;

import org.jspecify.annotations.NullMarked;
