/// Tests of the data messages.
@org.jspecify.annotations.NullMarked
package io.basalt.wire.data;
