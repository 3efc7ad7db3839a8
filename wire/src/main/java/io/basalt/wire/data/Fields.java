package io.basalt.wire.data;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// How numbers stand in data messages.
final class Fields {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Fields() {}
}
