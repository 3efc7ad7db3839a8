/// Tests of files, descriptors and block devices.
@NullMarked
package io.basalt.linux.file;

import org.jspecify.annotations.NullMarked;
