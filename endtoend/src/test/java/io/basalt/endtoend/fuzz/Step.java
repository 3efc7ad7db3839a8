package io.basalt.endtoend.fuzz;

import io.basalt.virtio.vhostuser.VhostUserMessage;
import java.lang.foreign.ValueLayout;

/// One message of a front end as it goes over the wire.
///
/// @param bytes header and payload; not to be changed
/// @param fds descriptors that go along, borrowed; not to be changed
/// @param answered whether a gate that understands the message answers it
@SuppressWarnings("ArrayRecordComponent") // handed to the socket as they are, never compared
record Step(byte[] bytes, int[] fds, boolean answered) {
    static Step of(VhostUserMessage message, boolean answered, int... fds) {
        return new Step(message.bytes().toArray(ValueLayout.JAVA_BYTE), fds, answered);
    }
}
