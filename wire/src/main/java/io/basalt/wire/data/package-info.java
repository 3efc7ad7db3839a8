/// Bodies of the messages that read and write shards: gate to primary, primary to secondaries. Flyweights over
/// little-endian bytes, with static accessors that allocate nothing. Layouts and rules: docs/PROTOCOL.md.
@NullMarked
package io.basalt.wire.data;

import org.jspecify.annotations.NullMarked;
