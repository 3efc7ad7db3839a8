package io.basalt.gate.controller;

import io.basalt.gate.handover.HandoverMessage;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.virtio.vhostuser.SessionState;
import org.jspecify.annotations.Nullable;

/// What another process was told of a controller's front end when it prepared itself, and what it has
/// to be told when it takes over. Control reactor.
final class HandedImage {
    private static final long NOTHING = Long.MIN_VALUE;

    private final Fronts fronts;
    private long told = NOTHING;

    HandedImage(Fronts fronts) {
        this.fronts = fronts;
    }

    /// What the next process prepares itself with; its descriptors stay the front's.
    ///
    /// @param listener the listening socket, or -1
    HandoverMessage.DiskImage take(String controller, int listener) {
        final Front current = fronts.first();
        // One that is busy with a message is told of when it is let go of.
        final boolean between = current != null && current.session().state() == SessionState.OPEN;
        told = between || current == null ? version(current) : NOTHING;
        return current == null || !between
                ? new HandoverMessage.DiskImage(controller, listener, -1, null)
                : new HandoverMessage.DiskImage(
                        controller,
                        listener,
                        current.connection(),
                        current.session().image());
    }

    /// What has become of it, now that it is suspended.
    HandoverMessage.Front change() {
        final Front current = fronts.first();
        if (current == null || current.session().state() != SessionState.SUSPENDED) {
            return new HandoverMessage.NoFront();
        }
        final SessionImage image = current.session().image();
        if (version(current) != told) {
            return new HandoverMessage.OtherFront(current.connection(), image);
        }
        return new HandoverMessage.SameFront(image.rings().stream()
                .filter(SessionImage.RingImage::runs)
                .map(ring -> new HandoverMessage.RingBase(ring.index(), ring.base()))
                .toList());
    }

    /// Another number whenever the front end may have said something, or is another one.
    private static long version(@Nullable Front current) {
        return current == null
                ? -1
                : ((long) current.number() << 48) + current.session().messageCount();
    }
}
