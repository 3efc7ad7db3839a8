package io.basalt.gate.controller;

import io.basalt.reactor.Reactor;
import java.lang.System.Logger.Level;

/// What is noted of a controller's front ends, who cause notes at will: at most one line a second is
/// written, the rest are counted. Control reactor.
final class NoteLimit {
    private static final System.Logger LOG = System.getLogger(Controller.class.getName());
    private static final long INTERVAL_NS = 1_000_000_000L;

    private final Reactor control;
    private final String controller;
    private long notedNs;
    private long heldBack;

    NoteLimit(Reactor control, String controller) {
        this.control = control;
        this.controller = controller;
    }

    void note(int session, String note) {
        final long nowNs = control.nowNs();
        if (notedNs != 0 && nowNs - notedNs < INTERVAL_NS) {
            heldBack++;
            return;
        }
        LOG.log(
                Level.WARNING,
                "controller={0} session={1} {2}{3}",
                controller,
                session,
                note,
                heldBack == 0 ? "" : " (and " + heldBack + " notes before)");
        notedNs = nowNs;
        heldBack = 0;
    }
}
