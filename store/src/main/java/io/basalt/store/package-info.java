/// Block devices of this host behind one volume contract: null and RAM here, files and block devices in
/// [io.basalt.store.file], fault injection in [io.basalt.store.fault].
@NullMarked
package io.basalt.store;

import org.jspecify.annotations.NullMarked;
